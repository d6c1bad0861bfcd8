package push

import (
	"maps"
	"slices"
	"sync"
	"time"

	"parley/chat"
)

const (
	burst        = 5 // pushes to a session within burstTime; what follows is summed up
	burstTime    = time.Minute
	summaryEvery = 15 * time.Second

	maxSessions = 20_000 // whose pushes are known
	maxChats    = 32     // of each, that may still be shown
)

// history is what this server sent to sessions. Another one that takes over begins without it.
type history struct {
	mu       sync.Mutex
	sessions map[chat.SessionID]*sentTo // guarded by mu
}

type sentTo struct {
	times   []time.Time // of the last pushes, at most burst
	urgent  []time.Time // of the last urgent ones, at most burst
	summary time.Time   // the last summary
	chats   map[chat.ChatID]chat.Seq
}

func newHistory() *history { return &history{sessions: map[chat.SessionID]*sentTo{}} }

// of returns what was sent to a session. h.mu is held.
func (h *history) of(id chat.SessionID) *sentTo {
	to := h.sessions[id]
	if to == nil {
		if len(h.sessions) >= maxSessions {
			for other := range h.sessions { // any: it costs that session a summary
				delete(h.sessions, other)
				break
			}
		}
		to = &sentTo{chats: map[chat.ChatID]chat.Seq{}}
		h.sessions[id] = to
	}
	return to
}

// bursts reports whether more pushes to a session are more than it is told of one by one.
func (h *history) bursts(id chat.SessionID, more int) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return more+countRecent(h.of(id).times) > burst
}

// choose returns which of the pushes that are due for a session are sent now: after a burst the
// urgent ones, unless they are too many themselves, and all once the next summary is due.
func (h *history) choose(id chat.SessionID, due []chat.QueuedPush) (now []chat.QueuedPush, urgent bool) {
	if !h.bursts(id, 1) {
		return due, false
	}
	for _, q := range due {
		if q.Urgent {
			now = append(now, q)
		}
	}
	h.mu.Lock()
	recent := countRecent(h.of(id).urgent)
	h.mu.Unlock()
	switch {
	case len(now) > 0 && recent+len(now) <= burst:
		return now, true
	case h.untilSummary(id) > 0:
		return nil, false
	}
	return due, false
}

// countRecent returns how many of the times are within burstTime.
func countRecent(times []time.Time) (n int) {
	for _, at := range times {
		if time.Since(at) < burstTime {
			n++
		}
	}
	return n
}

// untilSummary returns how long the next summary for a session has to wait.
func (h *history) untilSummary(id chat.SessionID) time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return max(0, summaryEvery-time.Since(h.of(id).summary))
}

// add adds a push that was accepted.
func (h *history) add(id chat.SessionID, p *preparedPush) {
	h.mu.Lock()
	defer h.mu.Unlock()
	to, now := h.of(id), time.Now()
	to.times = append(to.times, now)
	to.times = to.times[max(0, len(to.times)-burst):]
	switch {
	case p.summary:
		to.summary = now
	case p.told[0].isUrgent():
		to.urgent = append(to.urgent, now)
		to.urgent = to.urgent[max(0, len(to.urgent)-burst):]
	}
	for _, c := range p.read {
		delete(to.chats, c)
	}
	for _, n := range p.told {
		if len(to.chats) < maxChats {
			to.chats[n.chat.ID] = n.event.Seq
		}
	}
}

// chatsOf returns the chats of which pushes were sent to a session, in order of their ids.
func (h *history) chatsOf(id chat.SessionID) []chat.ChatID {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.of(id).chats))
}
