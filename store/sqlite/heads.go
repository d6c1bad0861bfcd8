package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"parley/chat"
)

// maxHeads is how many bytes of answers are remembered, about.
const maxHeads = 8 << 20

// What an answer costs beside its texts, about: a head, and any other.
const (
	headSize = 128
	memoSize = 512
)

// heads remembers what a chat's members asked about its head, so that the same
// question costs no query. It never says what is not so any more: only the
// writer changes a chat, and only by events, so it forgets the chats of a batch
// before it commits them. An answer that was read while such a commit was under
// way may be of before or after, and is not remembered.
type heads struct {
	mu   sync.RWMutex
	era  uint64                 // guarded by mu: two for each commit of events, odd while it is under way
	of   map[chat.ChatID]*about // guarded by mu, and all that is in it
	size int                    // guarded by mu: bytes, about
}

// about is what is remembered of one chat.
type about struct {
	of       map[chat.UserID]chat.Seq // the head, for members who asked
	standing *standing                // standing.go
	tail     *tail                    // tail.go
	size     int
}

// now gives the era, to be said to put with what was read since.
func (h *heads) now() uint64 {
	h.mu.RLock()
	defer h.mu.RUnlock()
	return h.era
}

func (h *heads) get(id chat.ChatID, member chat.UserID) (head chat.Seq, ok bool, era uint64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if a := h.of[id]; a != nil {
		head, ok = a.of[member]
	}
	return head, ok, h.era
}

// put remembers what was read since get gave the era.
func (h *heads) put(id chat.ChatID, member chat.UserID, head chat.Seq, era uint64) {
	h.keep(id, era, headSize, func(a *about) {
		if a.of == nil {
			a.of = map[chat.UserID]chat.Seq{}
		}
		a.of[member] = head
	})
}

// keep lets set remember an answer of so many bytes that was read since era.
// False: something happened since, or is about to.
func (h *heads) keep(id chat.ChatID, era uint64, size int, set func(*about)) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if era != h.era || era%2 == 1 {
		return false
	}
	if h.size+size > maxHeads || h.of == nil {
		h.of, h.size = map[chat.ChatID]*about{}, 0
	}
	a := h.of[id]
	if a == nil {
		a = &about{}
		h.of[id] = a
	}
	set(a)
	a.size += size // of an answer that another reader gave, too: about is enough
	h.size += size
	return true
}

// begin forgets the chats in which something happened; a commit follows. It
// tells whether there are any: then end must follow the commit.
func (h *heads) begin(told []chat.Notice) (changed bool) {
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
		h.era++
	}
	return changed
}

// end follows the commit, whatever became of it.
func (h *heads) end() {
	h.mu.Lock()
	h.era++
	h.mu.Unlock()
}

// head gives the chat's head to a member, or to the server itself.
func (db *DB) head(ctx context.Context, viewer chat.UserID, id chat.ChatID) (head chat.Seq, err error) {
	head, ok, era := db.heads.get(id, viewer)
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
		db.heads.put(id, viewer, head, era)
	}
	return head, fault(err, "read the chat")
}
