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
	n := more
	for _, at := range h.of(id).times {
		if time.Since(at) < burstTime {
			n++
		}
	}
	return n > burst
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
	if p.summary {
		to.summary = now
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
