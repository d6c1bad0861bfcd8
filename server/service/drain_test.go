package service

import (
	"runtime"
	"testing"
)

func TestDrain(t *testing.T) {
	var d drain
	if !d.begin() {
		t.Fatal("refused before close")
	}
	over := make(chan struct{})
	go func() { d.close(t.Context()); close(over) }()
	for d.begin() { // until the stop has begun
		d.end()
		runtime.Gosched()
	}
	select {
	case <-over:
		t.Error("did not wait for what was accepted")
	default:
	}
	d.end()
	<-over
}
