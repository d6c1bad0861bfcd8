package live

import (
	"context"
	"testing"
)

// wait returns when the gate opens or when its context ends.
func TestGate(t *testing.T) {
	var g gate
	ctx, cancel := context.WithCancel(t.Context())
	gaveUp, passed := make(chan error, 1), make(chan error, 1)
	go func() { gaveUp <- g.wait(ctx) }()
	cancel()
	if err := <-gaveUp; err == nil {
		t.Error("passed a closed gate")
	}
	go func() { passed <- g.wait(t.Context()) }()
	g.set(true)
	if err := <-passed; err != nil {
		t.Error(err)
	}
	if g.set(false); g.isOpen() {
		t.Error("open after it was closed")
	}
}
