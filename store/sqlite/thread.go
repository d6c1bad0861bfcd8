package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"parley/chat"
)

// ?2 is the root, ?3 the seq after which the page begins.
const threadQuery = `SELECT ` + message + ` FROM messages m INDEXED BY messages_root
	WHERE m.chat = ?1 AND m.root = ?2 AND m.seq > ?3 AND m.seq <= ?4 ORDER BY m.seq LIMIT ?5`

// Thread is [chat.Log].Thread.
func (db *DB) Thread(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq, after chat.Seq, limit int) (p chat.Page, err error) {
	if err := chat.CheckLimit(int64(limit), chat.MaxPage); err != nil {
		return p, err
	}
	if p.Head, err = db.head(ctx, viewer, id); err != nil {
		return p, err
	}
	var root chat.Seq
	err = db.row(ctx, `SELECT ifnull(root, seq) FROM messages WHERE chat = ? AND seq = ? AND seq <= ?`, string(id), clampSeq(seq), int64(p.Head)).Scan(&root)
	if errors.Is(err, sql.ErrNoRows) {
		return chat.Page{}, chat.NoMessage("seq", seq)
	}
	if err == nil && after < root {
		var first chat.Message
		first, err = oneMessage(db.row(ctx, messageQuery, string(id), int64(root)), id, viewer, chat.MaxReactBy)
		p.Messages = append(p.Messages, first)
	}
	if err == nil {
		var replies []chat.Message
		replies, err = db.messages(ctx, viewer, id, threadQuery, int64(root), clampSeq(after), int64(p.Head), limit+1-len(p.Messages))
		p.Messages = append(p.Messages, replies...)
	}
	if err != nil {
		return chat.Page{}, storeError(err, "read a thread")
	}
	p.MoreAfter = len(p.Messages) > limit
	p.Messages = p.Messages[:min(len(p.Messages), limit)]
	return p, nil
}

// messages returns the messages of one chat that a query yields; args follow the chat.
func (db *DB) messages(ctx context.Context, viewer chat.UserID, id chat.ChatID, query string, args ...any) ([]chat.Message, error) {
	rows, err := db.rows(ctx, query, append([]any{string(id)}, args...)...)
	return collect(rows, err, func() (chat.Message, error) { return oneMessage(rows, id, viewer, chat.MaxReactBy) })
}

// Pins is [chat.Log].Pins.
func (db *DB) Pins(ctx context.Context, viewer chat.UserID, id chat.ChatID) ([]chat.Message, error) {
	head, err := db.head(ctx, viewer, id)
	if err != nil {
		return nil, err
	}
	pins, err := db.messages(ctx, viewer, id, `SELECT `+message+` FROM messages m INDEXED BY messages_pinned
		WHERE m.chat = ? AND m.pinned BETWEEN 1 AND ? ORDER BY m.pinned DESC`, int64(head))
	return pins, storeError(err, "read the pinned messages")
}

func (v view) Pins() (n int) {
	v.found(v.t.row(`SELECT count(*) FROM messages INDEXED BY messages_pinned WHERE chat = ? AND pinned IS NOT NULL`, v.s.id).Scan(&n))
	return n
}
