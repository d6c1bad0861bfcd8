package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"math"
	"slices"

	"parley/chat"
)

// A message is read as one text that SQLite packs, since the driver's time for a row goes
// into its columns: it reads the type and the value of each under a lock of the
// connection. A page of messages is one row of one text. scan.go splits it at bytes that
// no UTF-8 has:
//
//	seq, at, by, client_id, text
//
// and, if seq is negative, the fields that few messages have:
//
//	edited_at, deleted_at, mentions, reactions, files, pinned, mentions_all, root, reply_to
//	the quoted message's by, number of files and text, if reply_to is not 0
//
// Of a quoted text the beginning is enough: cut as bytes, since SQLite's substr ends a
// text at a NUL, and a little longer than the quote, so that chat.Cut can find the end of
// a character.
const (
	end     = "'\xff'"
	quote   = `substr(CAST(q.text AS BLOB), 1, 204)`
	message = `CASE WHEN coalesce(m.reply_to, m.reactions, m.edited_at, m.deleted_at, m.mentions, m.files, m.pinned, m.mentions_all) IS NULL
		THEN concat_ws(` + end + `, m.seq, m.at, m.by, m.client_id, m.text)
		ELSE concat_ws(` + end + `, -m.seq, m.at, m.by, m.client_id, m.text,
			ifnull(m.edited_at, 0), ifnull(m.deleted_at, 0), ifnull(m.mentions, ''), ifnull(m.reactions, ''), ifnull(m.files, ''),
			ifnull(m.pinned, 0), ifnull(m.mentions_all, ''), ifnull(m.root, 0), ifnull(m.reply_to, 0),
			(SELECT concat_ws(` + end + `, q.by, ` + quotedFiles + `, ifnull(` + quote + `, '')) FROM messages q WHERE q.chat = m.chat AND q.seq = m.reply_to)) END`
	quotedFiles  = `ifnull(json_array_length(q.files), 0)`
	messageQuery = `SELECT ` + message + ` FROM messages m WHERE m.chat = ? AND m.seq = ?`

	// ?1 is the viewer, ?2 the places as JSON. Before each message is the number of its place.
	messagesQuery = `SELECT ifnull(group_concat(concat_ws(` + end + `, p.key, ` + message + `), ` + end + `), '')
		FROM json_each(?2) p CROSS JOIN messages m ON m.chat = p.value ->> 0 AND m.seq = p.value ->> 1
		WHERE EXISTS (SELECT 1 FROM members v WHERE v.chat = m.chat AND v.user = ?1)`

	// ?2 is where the page begins, ?3 the head, ?4 the limit. Beside the page:
	// whether there is a message on the other side of ?2. SQLite keeps the order of
	// a subquery for group_concat (its select.c, on an ORDER BY that it may omit).
	pageUp = `SELECT ifnull(group_concat(one, ` + end + `), ''), EXISTS (SELECT 1 FROM messages WHERE chat = ?1 AND seq BETWEEN 1 AND min(?2 - 1, ?3))
		FROM (SELECT ` + message + ` AS one FROM messages m WHERE m.chat = ?1 AND m.seq BETWEEN ?2 AND ?3 ORDER BY m.seq LIMIT ?4)`
	pageDown = `SELECT ifnull(group_concat(one, ` + end + `), ''), EXISTS (SELECT 1 FROM messages WHERE chat = ?1 AND seq BETWEEN ?2 + 1 AND ?3)
		FROM (SELECT ` + message + ` AS one FROM messages m WHERE m.chat = ?1 AND m.seq BETWEEN 1 AND min(?2, ?3) ORDER BY m.seq DESC LIMIT ?4)`
)

// The columns of an event. A posted one comes from its message, an edited one
// takes text and mentions from there: whichever edit it was, and none after a
// deletion. The last column has what few events have, as eventScan.setRare reads it.
const (
	eventOfMessage = `SELECT m.seq AS seq, m.n, m.at, 'posted', m.by, m.client_id, m.text, m.mentions, m.edited_at, m.deleted_at, m.reply_to, q.by,
		` + quote + `, m.files, ` + quotedFiles + `, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
		CASE WHEN coalesce(m.root, m.silent, m.mentions_all) IS NOT NULL THEN ifnull(m.root, 0) || ' ' || ifnull(m.silent, 0) || ' ' || ifnull(m.mentions_all, '') END
		FROM messages m LEFT JOIN messages q ON q.chat = m.chat AND q.seq = m.reply_to`
	eventOfEvent = `SELECT e.seq AS seq, e.n, e.at, e.kind, e.by, e.client_id, m.text, m.mentions, NULL, NULL, NULL, NULL,
		NULL, NULL, NULL, e.target, e.emoji, e.is_on, e.users, e.role, e.reason, e.title, e.topic, e.picture,
		coalesce(e.group_mentions || ' ' || ifnull(e.changed, ''), '0 0 ' || m.mentions_all)
		FROM events e LEFT JOIN messages m ON e.kind = 'edited' AND m.chat = e.chat AND m.seq = e.target`
	eventsAfter = eventOfMessage + ` WHERE m.chat = ?1 AND m.seq BETWEEN ?2 AND ?3
		UNION ALL ` + eventOfEvent + ` WHERE e.chat = ?1 AND e.seq BETWEEN ?2 AND ?3 ORDER BY seq LIMIT ?4`
	findPost  = eventOfMessage + ` WHERE m.chat = ? AND m.client_id = ? AND m.by = ?`
	findEvent = eventOfEvent + ` WHERE e.chat = ? AND e.client_id = ? AND e.by = ?`
)

// After is [chat.Log].After.
func (db *DB) After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) (events []chat.Event, head chat.Seq, err error) {
	generation := db.readCache.current()
	if head, err = db.head(ctx, viewer, id); err != nil || seen >= head || limit <= 0 || maxBytes <= 0 {
		return nil, head, err
	}
	if events, ok := db.readCache.tail(id, seen, head, limit, maxBytes); ok {
		return events, head, nil
	}
	// Up to the head at which the viewer was a member, and no further: what
	// came after it may have come after their removal.
	rows, err := db.rows(ctx, eventsAfter, string(id), int64(seen)+1, int64(head), limit)
	if err != nil {
		return nil, 0, storeError(err, "read the log")
	}
	defer rows.Close()
	scan, size := newEventScan(id), 0
	for size < maxBytes && rows.Next() {
		e, err := scan.row(rows)
		if err != nil {
			return nil, 0, storeError(err, "read the log")
		}
		size += e.Size()
		events = append(events, e)
	}
	if err := rows.Err(); err != nil {
		return nil, 0, storeError(err, "read the log")
	}
	db.readCache.storeTail(id, generation, seen, head, events, size)
	return events, head, nil
}

// Page is [chat.Log].Page. It reads one message more than asked for, to find whether there
// are more on that side. As in After, nothing is read after the head at which the viewer
// was a member.
func (db *DB) Page(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (p chat.Page, err error) {
	if err := w.Check(); err != nil {
		return p, err
	}
	if p.Head, err = db.head(ctx, viewer, id); err != nil || p.Head == w.Known {
		return p, err
	}
	r := pageReader{ctx: ctx, db: db, viewer: viewer, id: id, head: int64(p.Head), limit: w.Limit}
	switch {
	case w.Around != 0:
		older, _ := r.down(clampSeq(w.Around))
		newer, _ := r.up(clampSeq(w.Around) + 1)
		// Half of the limit from each side; a short side leaves more to the other.
		keep := min(len(older), max((w.Limit+1)/2, w.Limit-len(newer)))
		more := min(len(newer), w.Limit-keep)
		p.MoreBefore, p.MoreAfter = len(older) > keep, len(newer) > more
		p.Messages = append(older[len(older)-keep:], newer[:more]...)
	case w.After != 0 || w.FromStart:
		p.Messages, p.MoreBefore = r.up(clampSeq(w.After) + 1)
		p.Messages, p.MoreAfter = p.Messages[:min(len(p.Messages), w.Limit)], len(p.Messages) > w.Limit
	default:
		from := r.head
		if w.Before != 0 {
			from = clampSeq(w.Before) - 1
		}
		p.Messages, p.MoreAfter = r.down(from)
		over := max(0, len(p.Messages)-w.Limit)
		p.Messages, p.MoreBefore = p.Messages[over:], over > 0
	}
	if r.err != nil {
		return chat.Page{}, storeError(r.err, "read the messages")
	}
	return p, nil
}

// pageReader reads parts of one page; after an error it reads nothing more.
type pageReader struct {
	ctx    context.Context
	db     *DB
	viewer chat.UserID
	id     chat.ChatID
	head   int64
	limit  int
	err    error
}

// down returns the newest limit+1 messages up to seq, in ascending order of seq, and whether
// there are newer ones.
func (r *pageReader) down(seq int64) (m []chat.Message, more bool) {
	m, more = r.read(pageDown, seq)
	slices.Reverse(m)
	return m, more
}

// up returns the oldest limit+1 messages from seq, and whether there are older ones.
func (r *pageReader) up(seq int64) (m []chat.Message, more bool) { return r.read(pageUp, seq) }

func (r *pageReader) read(query string, seq int64) (m []chat.Message, more bool) {
	if r.err != nil {
		return nil, false
	}
	var p packed
	r.err = r.db.row(r.ctx, query, string(r.id), seq, r.head, r.limit+1).Scan(&p.rest, &more)
	m = make([]chat.Message, 0, r.limit+1)
	for r.err == nil && p.rest != "" {
		m = append(m, chat.Message{})
		r.err = p.message(&m[len(m)-1], r.id, r.viewer, chat.MaxReactBy)
	}
	return m, more
}

// clampSeq returns a client's number as SQLite can hold it, with room for one more.
func clampSeq(s chat.Seq) int64 { return int64(min(s, math.MaxInt64-1)) }

// Message is [chat.Log].Message.
func (db *DB) Message(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq chat.Seq) (chat.Message, error) {
	head, err := db.head(ctx, viewer, id)
	if err != nil {
		return chat.Message{}, err
	}
	m, err := oneMessage(db.row(ctx, messageQuery, string(id), clampSeq(seq)), id, viewer, chat.MaxReactBy)
	if errors.Is(err, sql.ErrNoRows) || err == nil && seq > head {
		return chat.Message{}, chat.NoMessage("seq", seq)
	}
	if err != nil {
		return chat.Message{}, storeError(err, "read the message")
	}
	return m, nil
}

// Messages is [chat.Log].Messages. One statement reads the messages and the memberships.
func (db *DB) Messages(ctx context.Context, viewer chat.UserID, places []chat.MessagePlace) ([]chat.Message, error) {
	if len(places) == 0 {
		return nil, nil
	}
	if err := chat.CheckLimit(int64(len(places)), chat.MaxPage); err != nil {
		return nil, err
	}
	wanted := make([][2]any, len(places))
	for i, p := range places {
		wanted[i] = [2]any{p.Chat, clampSeq(p.Seq)}
	}
	list, err := json.Marshal(wanted)
	if err != nil {
		return nil, err
	}
	var p packed
	err = db.row(ctx, messagesQuery, string(viewer), string(list)).Scan(&p.rest)
	all := make([]chat.Message, len(places))
	for err == nil && p.rest != "" {
		i := p.number()
		err = p.message(&all[i], places[i].Chat, viewer, chat.MaxReactBy)
	}
	if err != nil {
		return nil, storeError(err, "read messages")
	}
	return slices.DeleteFunc(all, func(m chat.Message) bool { return m.Seq == 0 }), nil
}
