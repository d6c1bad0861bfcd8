package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"sync"

	"parley/chat"
)

// maxHeads is how many pairs of a member and a chat are remembered.
const maxHeads = 16_384

// heads remembers the head of a chat for members who asked for it, so that the
// same question costs no query. It never says what is not so any more: only the
// writer changes a chat, and only by events, so it forgets the chats of a batch
// before it commits them. An answer that was read while a commit was under way
// may be of before or after, and is not remembered.
type heads struct {
	mu  sync.RWMutex
	era uint64                                   // guarded by mu: two for each commit, odd while it is under way
	of  map[chat.ChatID]map[chat.UserID]chat.Seq // guarded by mu
	n   int                                      // guarded by mu: pairs
}

func (h *heads) get(id chat.ChatID, member chat.UserID) (head chat.Seq, ok bool, era uint64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	head, ok = h.of[id][member]
	return head, ok, h.era
}

// put remembers what was read since get gave the era.
func (h *heads) put(id chat.ChatID, member chat.UserID, head chat.Seq, era uint64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if era != h.era || era%2 == 1 {
		return
	}
	if h.n >= maxHeads || h.of == nil {
		h.of, h.n = map[chat.ChatID]map[chat.UserID]chat.Seq{}, 0
	}
	members := h.of[id]
	if members == nil {
		members = map[chat.UserID]chat.Seq{}
		h.of[id] = members
	}
	if _, again := members[member]; !again {
		h.n++
	}
	members[member] = head
}

// begin forgets the chats in which something happened; a commit follows.
func (h *heads) begin(told []chat.Notice) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.era++
	for _, n := range told {
		if n.Event != nil {
			h.n -= len(h.of[n.Event.ChatID])
			delete(h.of, n.Event.ChatID)
		}
	}
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
