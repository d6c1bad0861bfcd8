package index

import (
	"testing"
	"time"
)

// Work for the index is as fast as it can be while no events come, and yields to them.
func TestPause(t *testing.T) {
	w := writer{Index: New(Config{})}
	for _, test := range []struct {
		took   time.Duration
		events int64
		want   time.Duration
	}{
		{time.Second, 0, 0},
		{time.Second, 1, 2 * time.Millisecond},
		{time.Second, 500, time.Second},
		{time.Second, 2000, 4 * time.Second},
		{time.Second, 100_000, 4 * time.Second},
		{time.Millisecond, 10, 4 * time.Millisecond},
	} {
		if got := w.pause(test.took, test.events); got != test.want {
			t.Errorf("%d events in %v: a pause of %v, want %v", test.events, test.took, got, test.want)
		}
	}
}
