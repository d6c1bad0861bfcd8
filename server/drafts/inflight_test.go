package drafts

import (
	"runtime"
	"testing"
)

func TestInFlightCloseWaits(t *testing.T) {
	var d inFlight
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
		t.Error("close did not wait for an accepted draft")
	default:
	}
	d.end()
	<-over
}
