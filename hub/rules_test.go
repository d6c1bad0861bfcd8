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

// wrong returns how many of n schedules go wrong, and how the first does.
func wrong(t *testing.T, r rules, n int) (bad int, first error) {
	h := New(Config{Shards: 1, RingBytes: 5 * (frameBytes + 2*9 + 9)})
	defer func() {
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	for seed := range n {
		if err := schedule(h, r, uint64(seed)); err != nil {
			if bad++; bad == 1 {
				first = fmt.Errorf("schedule %d: %w", seed, err)
			}
		}
	}
	if s := h.Stats(); s.Topics != 0 || s.Members != 0 || s.RingBytes != 0 || s.QueuedBytes != 0 {
		t.Errorf("something is left behind: %+v", s)
	}
	return bad, first
}

func TestModel(t *testing.T) {
	if bad, err := wrong(t, allRules, 20_000); bad > 0 {
		t.Errorf("%d schedules go wrong: %v", bad, err)
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
			bad, err := wrong(t, r, 3000)
			if t.Logf("%d of 3000 go wrong; %v", bad, err); bad == 0 {
				t.Error("the model does not see it")
			}
		})
	}
}
