package gate

import (
	"context"
	"testing"
)

// Wait returns when the gate opens or when its context ends.
func TestGate(t *testing.T) {
	var g Gate
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp, passed := make(chan error, 1), make(chan error, 1)
	go func() { gaveUp <- g.Wait(ctx) }()
	cancel()
	if err := <-gaveUp; err == nil {
		t.Error("passed a closed gate")
	}
	go func() { passed <- g.Wait(t.Context()) }()
	g.Set(true)
	if err := <-passed; err != nil {
		t.Error(err)
	}
	if g.Set(false); g.IsOpen() {
		t.Error("open after it was closed")
	}
}
