package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"slices"

	"parley/chat"
)

// The columns of a message row with the row that it quotes. Of a quoted text
// its beginning is enough: cut as bytes, since SQLite's substr ends a text at a
// NUL, and a little longer than the quote, so that chat.Cut sees what follows.
const (
	messageColumns = `m.seq, m.at, m.by, m.client_id, m.text, m.mentions, m.edited_at, m.deleted_at, m.reactions,
		m.reply_to, q.by, substr(CAST(q.text AS BLOB), 1, 204)`
	messageTables = `FROM messages m LEFT JOIN messages q ON q.chat = m.chat AND q.seq = m.reply_to`
	messageQuery  = `SELECT ` + messageColumns + ` ` + messageTables + ` WHERE m.chat = ? AND m.seq = ?`

	// seq from, seq to, limit
	pageUp   = `SELECT ` + messageColumns + ` ` + messageTables + ` WHERE m.chat = ? AND m.seq BETWEEN ? AND ? ORDER BY m.seq LIMIT ?`
	pageDown = `SELECT ` + messageColumns + ` ` + messageTables + ` WHERE m.chat = ? AND m.seq BETWEEN ? AND ? ORDER BY m.seq DESC LIMIT ?`
)

// The columns of an event. A posted one comes from its message, an edited one
// takes text and mentions from there: whichever edit it was, and none after a
// deletion.
const (
	eventOfMessage = `SELECT m.seq AS seq, m.n, m.at, 'posted', m.by, m.client_id, m.text, m.mentions, m.edited_at, m.deleted_at, m.reply_to, q.by,
		substr(CAST(q.text AS BLOB), 1, 204), NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL ` + messageTables
	eventOfEvent = `SELECT e.seq AS seq, e.n, e.at, e.kind, e.by, e.client_id, m.text, m.mentions, NULL, NULL, NULL, NULL,
		NULL, e.target, e.emoji, e.is_on, e.users, e.role, e.reason, e.title, e.topic
		FROM events e LEFT JOIN messages m ON e.kind = 'edited' AND m.chat = e.chat AND m.seq = e.target`
	eventsAfter = eventOfMessage + ` WHERE m.chat = ?1 AND m.seq BETWEEN ?2 AND ?3
		UNION ALL ` + eventOfEvent + ` WHERE e.chat = ?1 AND e.seq BETWEEN ?2 AND ?3 ORDER BY seq LIMIT ?4`
	findPost  = eventOfMessage + ` WHERE m.chat = ? AND m.client_id = ? AND m.by = ?`
	findEvent = eventOfEvent + ` WHERE e.chat = ? AND e.client_id = ? AND e.by = ?`
)

// After is [chat.Log].After.
func (db *DB) After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) (events []chat.Event, head chat.Seq, err error) {
	era := db.heads.now()
	if head, err = db.head(ctx, viewer, id); err != nil || seen >= head || limit <= 0 || maxBytes <= 0 {
		return nil, head, err
	}
	if events, ok := db.heads.tail(id, seen, head, limit, maxBytes); ok {
		return events, head, nil
	}
	// Up to the head at which the viewer was a member, and no further: what
	// came after it may have come after their removal.
	rows, err := db.rows(ctx, eventsAfter, string(id), int64(seen)+1, int64(head), limit)
	if err != nil {
		return nil, 0, fault(err, "read the log")
	}
	defer rows.Close()
	scan, size := newEventScan(id), 0
	for size < maxBytes && rows.Next() {
		e, err := scan.row(rows)
		if err != nil {
			return nil, 0, fault(err, "read the log")
		}
		size += e.Size()
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, fault(err, "read the log")
	}
	db.heads.keepTail(id, era, seen, head, events, size)
	return events, head, nil
}

// Page is [chat.Log].Page. One message more than asked for tells whether there
// are more on that side; whether there are any on the other is one seek. As in
// After, nothing is read behind the head at which the viewer was a member.
func (db *DB) Page(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (p chat.Page, err error) {
	if w.Limit < 1 || w.Limit > chat.MaxPage {
		return p, chat.FailField(chat.BadInput, "limit", "limit must be 1 to %d", chat.MaxPage)
	}
	if p.Head, err = db.head(ctx, viewer, id); err != nil || p.Head == w.Known {
		return p, err
	}
	r := pager{ctx: ctx, db: db, viewer: viewer, id: id, head: int64(p.Head)}
	switch {
	case w.Around != 0:
		older, newer := r.down(seqIn(w.Around), w.Limit), r.up(seqIn(w.Around)+1, w.Limit)
		// Half each; what one side lacks the other gives.
		keep := min(len(older), max((w.Limit+1)/2, w.Limit-len(newer)))
		more := min(len(newer), w.Limit-keep)
		p.MoreBefore, p.MoreAfter = len(older) > keep, len(newer) > more
		p.Messages = append(older[len(older)-keep:], newer[:more]...)
	case w.After != 0 || w.FromStart:
		p.Messages = r.up(seqIn(w.After)+1, w.Limit)
		p.Messages, p.MoreAfter = p.Messages[:min(len(p.Messages), w.Limit)], len(p.Messages) > w.Limit
		p.MoreBefore = r.any(1, seqIn(w.After))
	case w.Before != 0:
		p.Messages = r.down(seqIn(w.Before)-1, w.Limit)
		p.MoreAfter = r.any(seqIn(w.Before), r.head)
	default:
		p.Messages = r.down(r.head, w.Limit)
	}
	if w.Around == 0 && w.After == 0 && !w.FromStart {
		over := max(0, len(p.Messages)-w.Limit)
		p.Messages, p.MoreBefore = p.Messages[over:], over > 0
	}
	if r.err != nil {
		return chat.Page{}, fault(r.err, "read the messages")
	}
	return p, nil
}

// pager reads parts of one page; after an error it reads nothing more.
type pager struct {
	ctx    context.Context
	db     *DB
	viewer chat.UserID
	id     chat.ChatID
	head   int64
	err    error
}

// down gives the newest limit+1 messages up to seq, in rising seq.
func (r *pager) down(to int64, limit int) []chat.Message {
	m := r.read(pageDown, 1, min(to, r.head), limit)
	slices.Reverse(m)
	return m
}

// up gives the oldest limit+1 messages from seq.
func (r *pager) up(from int64, limit int) []chat.Message {
	return r.read(pageUp, from, r.head, limit)
}

func (r *pager) read(query string, from, to int64, limit int) []chat.Message {
	if r.err != nil || from > to {
		return nil
	}
	rows, err := r.db.rows(r.ctx, query, string(r.id), from, to, limit+1)
	if err != nil {
		r.err = err
		return nil
	}
	defer rows.Close()
	messages := make([]chat.Message, 0, limit+1)
	scan := newMessageScan()
	for rows.Next() {
		m, err := scan.row(rows)
		if err != nil {
			r.err = err
			return nil
		}
		messages = append(messages, m.message(r.id, r.viewer, chat.MaxReactBy))
	}
	r.err = rows.Err()
	return messages
}

func (r *pager) any(from, to int64) bool {
	if r.err != nil {
		return false
	}
	var one int
	err := r.db.row(r.ctx, "SELECT 1 FROM messages WHERE chat = ? AND seq BETWEEN ? AND ? LIMIT 1", string(r.id), from, to).Scan(&one)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		r.err = err
	}
	return err == nil
}

// seqIn is a number from outside as SQLite can hold it, with room for one more.
func seqIn(s chat.Seq) int64 { return int64(min(s, math.MaxInt64-1)) }

// Message is [chat.Log].Message.
func (db *DB) Message(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq chat.Seq) (chat.Message, error) {
	head, err := db.head(ctx, viewer, id)
	if err != nil {
		return chat.Message{}, err
	}
	m, err := newMessageScan().row(db.row(ctx, messageQuery, string(id), seqIn(seq)))
	if errors.Is(err, sql.ErrNoRows) || err == nil && seq > head {
		return chat.Message{}, chat.FailField(chat.NotFound, "seq", "there is no message %d", seq)
	}
	if err != nil {
		return chat.Message{}, fault(err, "read the message")
	}
	return m.message(id, viewer, chat.MaxReactBy), nil
}
