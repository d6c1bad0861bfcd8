package sqlite

import "parley/chat"

// A larger tail is not cached.
const (
	tailEvents = 64
	tailBytes  = 16 << 10
)

// tail is the end of a chat's log. After a restart all its members read the same one.
// DB.head checks the membership of each before.
type tail struct {
	seen, head chat.Seq
	events     []chat.Event // seen+1 … head; never changed
	size       int
}

// tail returns the events after seen, up to head, if they are cached and within the
// bounds of After.
func (h *readCache) tail(id chat.ChatID, seen, head chat.Seq, limit, maxBytes int) ([]chat.Event, bool) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	a := h.of[id]
	if a == nil || a.tail == nil {
		return nil, false
	}
	t := a.tail
	if t.head != head || seen < t.seen || head-seen > chat.Seq(limit) || t.size >= maxBytes {
		return nil, false
	}
	events := t.events[seen-t.seen:]
	return events[:len(events):len(events)], true
}

// storeTail caches the events after seen that After read since generation, if they are
// few and reach the head.
func (h *readCache) storeTail(id chat.ChatID, generation uint64, seen, head chat.Seq, events []chat.Event, size int) {
	if chat.Seq(len(events)) == head-seen && len(events) <= tailEvents && size <= tailBytes {
		h.store(id, generation, entrySize+size, func(a *cachedChat) { a.tail = &tail{seen, head, events, size} })
	}
}
