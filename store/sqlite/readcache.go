package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"parley/chat"
)

// maxReadCache is how many bytes of answers are remembered, about.
const maxReadCache = 8 << 20

// What an answer costs beside its texts, about: a head, and any other.
const (
	headSize  = 128
	entrySize = 512
)

// readCache remembers what a chat's members asked about its head, so that the same
// question costs no query. It never says what is not so any more: only the
// writer changes a chat, and only by events, so it forgets the chats of a batch
// before it commits them. An answer that was read while such a commit was under
// way may be of before or after, and is not remembered.
type readCache struct {
	mu         sync.RWMutex
	generation uint64                      // guarded by mu: two for each commit of events, odd while it is under way
	of         map[chat.ChatID]*cachedChat // guarded by mu, and all that is in it
	size       int                         // guarded by mu: bytes, about
}

// cachedChat is what is remembered of one chat.
type cachedChat struct {
	of       map[chat.UserID]chat.Seq // the head, for members who asked
	snapshot *chatSnapshot            // snapshot.go
	tail     *tail                    // tail.go
	size     int
}

// current returns the generation, to be said to put with what was read since.
func (h *readCache) current() uint64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.generation
}

func (h *readCache) get(id chat.ChatID, member chat.UserID) (head chat.Seq, ok bool, generation uint64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if a := h.of[id]; a != nil {
		head, ok = a.of[member]
	}
	return head, ok, h.generation
}

// put remembers what was read since get gave the generation.
func (h *readCache) put(id chat.ChatID, member chat.UserID, head chat.Seq, generation uint64) {
	h.store(id, generation, headSize, func(a *cachedChat) {
		if a.of == nil {
			a.of = map[chat.UserID]chat.Seq{}
		}
		a.of[member] = head
	})
}

// store lets set remember an answer of so many bytes that was read since generation.
// False: something happened since, or is about to.
func (h *readCache) store(id chat.ChatID, generation uint64, size int, set func(*cachedChat)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if generation != h.generation || generation%2 == 1 {
		return false
	}
	if h.size+size > maxReadCache || h.of == nil {
		h.of, h.size = map[chat.ChatID]*cachedChat{}, 0
	}
	a := h.of[id]
	if a == nil {
		a = &cachedChat{}
		h.of[id] = a
	}
	set(a)
	a.size += size // of an answer that another reader gave, too: about is enough
	h.size += size
	return true
}

// begin forgets the chats in which something happened; a commit follows. It
// tells whether there are any: then end must follow the commit.
func (h *readCache) begin(told []chat.Notice) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range told {
		if n.Event == nil {
			continue
		}
		changed = true
		if a := h.of[n.Event.ChatID]; a != nil {
			h.size -= a.size
			delete(h.of, n.Event.ChatID)
		}
	}
	if changed {
		h.generation++
	}
	return changed
}

// end follows the commit, whatever became of it.
func (h *readCache) end() {
	h.mu.Lock()
	h.generation++
	h.mu.Unlock()
}

// head returns the chat's head to a member, or to the server itself.
func (db *DB) head(ctx context.Context, viewer chat.UserID, id chat.ChatID) (head chat.Seq, err error) {
	head, ok, generation := db.readCache.get(id, viewer)
	switch {
	case ok:
		return head, ctx.Err()
	case viewer == "":
		err = db.row(ctx, "SELECT head FROM chats WHERE id = ?", string(id)).Scan(&head)
	default:
		err = db.row(ctx, "SELECT c.head FROM members m JOIN chats c ON c.id = m.chat WHERE m.chat = ? AND m.user = ?", string(id), string(viewer)).Scan(&head)
	}
	if errors.Is(err, sql.ErrNoRows) {
		return 0, chat.NoChat()
	}
	if err == nil {
		db.readCache.put(id, viewer, head, generation)
	}
	return head, storeError(err, "read the chat")
}
