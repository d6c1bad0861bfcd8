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
)

// history is what this server sent to sessions. Another one that takes over the lease knows only what
// their devices may show.
type history struct {
	mu       sync.Mutex
	sessions map[chat.SessionID]*sentTo       // guarded by mu
	byUser   map[chat.UserID][]chat.SessionID // guarded by mu: of those to which a push was sent
}

type sentTo struct {
	user    chat.UserID
	host    string      // of the push service
	times   []time.Time // of the last pushes, at most burst
	urgent  []time.Time // of the last urgent ones, at most burst
	summary time.Time   // the last summary
	shown   chat.Shown
}

func newHistory() *history {
	return &history{sessions: map[chat.SessionID]*sentTo{}, byUser: map[chat.UserID][]chat.SessionID{}}
}

// of returns what was sent to a session. h.mu is held.
func (h *history) of(id chat.SessionID) *sentTo {
	to := h.sessions[id]
	if to == nil {
		if len(h.sessions) >= maxSessions {
			for other, to := range h.sessions { // any: it costs that session a summary
				delete(h.sessions, other)
				if h.byUser[to.user] = slices.DeleteFunc(h.byUser[to.user], func(id chat.SessionID) bool { return id == other }); len(h.byUser[to.user]) == 0 {
					delete(h.byUser, to.user)
				}
				break
			}
		}
		to = &sentTo{shown: chat.Shown{}}
		h.sessions[id] = to
	}
	return to
}

// ofDevice returns what was sent to a device, and lets showing find it. h.mu is held.
func (h *history) ofDevice(d *device) *sentTo {
	to := h.of(d.session)
	if to.host = d.host; to.user == "" {
		to.user = d.user
		h.byUser[d.user] = append(h.byUser[d.user], d.session)
	}
	return to
}

// load sets what a device may show of the pushes that others sent before.
func (h *history) load(d *device, shown chat.Shown) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ofDevice(d).shown = shown
}

// change changes what may be shown by f, and returns it for the store; nil: it is the same.
func (to *sentTo) change(f func(shown chat.Shown)) chat.Shown {
	before := maps.Clone(to.shown)
	if f(to.shown); maps.Equal(before, to.shown) {
		return nil
	}
	return maps.Clone(to.shown)
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

// add adds a push to a device that was accepted, and returns what the device may show; nil: the same
// as before.
func (h *history) add(d *device, p *preparedPush) chat.Shown {
	h.mu.Lock()
	defer h.mu.Unlock()
	to, now := h.ofDevice(d), time.Now()
	to.times = append(to.times, now)
	to.times = to.times[max(0, len(to.times)-burst):]
	switch {
	case p.summary:
		to.summary = now
	case p.told[0].isUrgent():
		to.urgent = append(to.urgent, now)
		to.urgent = to.urgent[max(0, len(to.urgent)-burst):]
	}
	return to.change(func(shown chat.Shown) {
		for _, c := range p.read {
			delete(shown, c)
		}
		for _, n := range p.told {
			if len(shown) < chat.MaxShown {
				shown[n.chat.ID] = false
			}
		}
	})
}

// chatsOf returns the chats of which a session may show notifications, in order of their ids: all,
// or those to be closed, for which no push was sent that closes them.
func (h *history) chatsOf(id chat.SessionID, toClose bool) (chats []chat.ChatID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for c, closed := range h.of(id).shown {
		if !toClose || !closed {
			chats = append(chats, c)
		}
	}
	slices.Sort(chats)
	return chats
}

// showing is a session that may show notifications.
type showing struct {
	session chat.SessionID
	host    string // of its push service
}

// showing returns the sessions of a user that may show notifications.
func (h *history) showing(u chat.UserID) (list []showing) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range h.byUser[u] {
		to := h.sessions[id]
		for _, closed := range to.shown {
			if !closed {
				list = append(list, showing{id, to.host})
				break
			}
		}
	}
	return list
}

// closed notes that a push was sent that closes notifications of chats. A device that was offline did
// not get it: the next push that shows something closes them again. closed returns the same as add.
func (h *history) closed(id chat.SessionID, chats []chat.ChatID) chat.Shown {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.of(id).change(func(shown chat.Shown) {
		for _, c := range chats {
			if _, ok := shown[c]; ok {
				shown[c] = true
			}
		}
	})
}
