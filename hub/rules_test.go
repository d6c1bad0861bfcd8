package hub

import (
	"context"
	"fmt"
	"testing"
)

// rules are the server's part of what keeps delivery whole.
type rules struct {
	joinFirst bool // the membership is checked after Join, not before
	evictSeq  bool // Evict gets the number of the event, not "whatever you have seen"
	stopLeft  bool // the pager stops at one's own left
	judgeEnd  bool // Live is told truly whether the log ended
	fill      bool // what Publish misses is read from the log
	lost      bool // a lost feed closes everybody
	gate      bool // nobody comes in while the feed is lost
	again     bool // who is admitted during a resume that ends outside starts over
}

var allRules = rules{true, true, true, true, true, true, true, true}

// wrong runs up to n schedules and returns how the first bad one went wrong.
func wrong(t *testing.T, r rules, n int) (first error) {
	h := New(Config{Shards: 1, RingBytes: 5 * (frameBytes + 2*9 + 9)})
	defer func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for seed := 0; seed < n && first == nil; seed++ {
		if err := schedule(h, r, uint64(seed)); err != nil {
			first = fmt.Errorf("schedule %d: %w", seed, err)
		}
	}
	if s := h.Stats(); s.Topics+s.Members+s.RingBytes+s.QueuedBytes != 0 {
		t.Errorf("something is left behind: %+v", s)
	}
	return first
}

func TestModel(t *testing.T) {
	if err := wrong(t, allRules, schedules); err != nil {
		t.Error(err)
	}
}

func TestModelSeesEachRule(t *testing.T) {
	for name, leaveOut := range map[string]func(*rules){
		"check before the join":         func(r *rules) { r.joinFirst = false },
		"evict without number":          func(r *rules) { r.evictSeq = false },
		"page beyond one's own left":    func(r *rules) { r.stopLeft = false },
		"call every page the last":      func(r *rules) { r.judgeEnd = false },
		"do not fill":                   func(r *rules) { r.fill = false },
		"reopen without Lost":           func(r *rules) { r.lost = false },
		"let in while the feed is lost": func(r *rules) { r.gate = false },
		"forget an admission":           func(r *rules) { r.again = false },
	} {
		t.Run(name, func(t *testing.T) {
			r := allRules
			leaveOut(&r)
			if err := wrong(t, r, 20_000); err == nil {
				t.Error("the model does not see it")
			} else {
				t.Log(err)
			}
		})
	}
}
