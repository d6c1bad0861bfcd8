package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"parley/chat"
)

// maxReadCache bounds the cache, in bytes, about.
const maxReadCache = 8 << 20

// The bytes of an entry besides its texts, about: of a head, and of any other.
const (
	headSize  = 128
	entrySize = 512
)

// readCache caches what members read of a chat's head, so that the same read needs no
// query. It is never stale: only the writer changes a chat, and only by events, and it
// evicts the chats of a batch before it commits them. A value that was read during such
// a commit may be of before or after, and is not cached.
type readCache struct {
	mu         sync.RWMutex
	generation uint64                      // guarded by mu: two for each commit of events, odd while it is under way
	of         map[chat.ChatID]*cachedChat // guarded by mu, and all that is in it
	size       int                         // guarded by mu: bytes, about
}

// cachedChat is what is cached of one chat.
type cachedChat struct {
	of       map[chat.UserID]chat.Seq // the head, by the members who read it
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

// put caches a head that was read since get returned the generation.
func (h *readCache) put(id chat.ChatID, member chat.UserID, head chat.Seq, generation uint64) {
	h.store(id, generation, headSize, func(a *cachedChat) {
		if a.of == nil {
			a.of = map[chat.UserID]chat.Seq{}
		}
		a.of[member] = head
	})
}

// store calls set to cache a value of size bytes that was read since generation. It
// returns false, and does not, if events were committed since or are being committed.
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

// begin evicts the chats that have events; their commit follows. It reports whether
// there are any: then the caller must call end after the commit.
func (h *readCache) begin(told []chat.Notice) (changed bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, n := range told {
		if n.Event == nil {
			continue
		}
		changed = true
		h.drop(n.Event.ChatID)
	}
	if changed {
		h.generation++
	}
	return changed
}

// evict evicts a chat whose log was purged.
func (h *readCache) evict(id chat.ChatID) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(id)
}

// drop evicts a chat. h.mu is held.
func (h *readCache) drop(id chat.ChatID) {
	if a := h.of[id]; a != nil {
		h.size -= a.size
		delete(h.of, id)
	}
}

// end must be called after the commit, or its failure, if begin returned true.
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
