package sqlite

import (
	"context"
	"database/sql"

	"parley/chat"
)

// purgeRows bounds the rows that one part of a purge deletes, so that posts to other chats
// wait a few milliseconds.
const purgeRows = 500

// markDeleted is the projection of the events by which a chat is deleted.
func (t *tx) markDeleted(s *state) error {
	s.title, s.topic, s.open, s.deleted = "", "", false, true
	t.scrubDue = true // of the title and topic
	if err := t.setPicture(s, "", ""); err != nil {
		return err
	}
	if _, err := t.exec(`UPDATE chats SET open = 0, deleted = 1 WHERE id = ?`, string(s.id)); err != nil {
		return err
	}
	return t.recordDeletedChat(s.id)
}

func (v view) Members(limit int) []chat.UserID {
	rows, err := v.t.rows(`SELECT user FROM members WHERE chat = ? ORDER BY user LIMIT ?`, string(v.s.id), limit)
	users, err := collect(rows, err, func() (u chat.UserID, err error) { return u, rows.Scan(&u) })
	v.t.note(err)
	return users
}

// Purge is [chat.Chats].Purge. A part is one job of the writer.
func (db *DB) Purge(ctx context.Context) (more bool, err error) {
	var id chat.ChatID
	// The range on id selects the index of deleted chats.
	more, err = found(db.row(ctx, `SELECT id FROM chats INDEXED BY chats_deleted WHERE deleted = 1 AND id > '' LIMIT 1`).Scan(&id))
	if err != nil || !more {
		return false, storeError(err, "find deleted chats")
	}
	if err := db.writeWhenFull(ctx, func(t *tx) error { return t.purge(id) }); err != nil {
		return false, err
	}
	db.readCache.evict(id)
	return true, nil
}

// purge does the next part for one chat.
func (t *tx) purge(id chat.ChatID) error {
	s, err := t.state(id)
	if err != nil {
		return err
	}
	var by chat.UserID
	if err := t.row(`SELECT by FROM events WHERE chat = ? AND seq = ?`, string(id), int64(s.head)).Scan(&by); err != nil {
		return err
	}
	next, ok := chat.Emptying(view{t, s}, id, by)
	if t.broken != nil {
		return t.broken
	}
	if ok {
		_, _, err := t.extend(s, next)
		return err
	}
	t.scrubDue = true
	for _, part := range []func(*state) (int, error){t.purgeFiles, t.purgeMessages, t.purgeEvents, t.purgeUnchanged} {
		if n, err := part(s); err != nil || n > 0 {
			return err
		}
	}
	_, err = t.exec(`UPDATE chats SET deleted = 2 WHERE id = ?`, string(id))
	return err
}

// purgeFiles removes the files of messages. Uploads that no message has expire.
func (t *tx) purgeFiles(s *state) (int, error) {
	return t.removeFiles(`id IN (SELECT id FROM files WHERE chat = ? AND message IS NOT NULL ORDER BY message DESC, place LIMIT ?)`, string(s.id), purgeRows)
}

func (t *tx) purgeMessages(s *state) (int, error) {
	type message struct {
		seq      chat.Seq
		mentions []chat.UserID
		inboxes  []chat.UserID
		at       int64
	}
	// The newest first: a quoted message, whose author's inbox has the reply, is older.
	rows, err := t.rows(`SELECT m.seq, m.mentions, m.at, m.by, m.deleted_at IS NULL, q.by FROM messages m LEFT JOIN messages q ON q.chat = m.chat AND q.seq = m.reply_to
		WHERE m.chat = ? ORDER BY m.seq DESC LIMIT ?`, string(s.id), purgeRows)
	list, err := collect(rows, err, func() (m message, err error) {
		var column []byte
		var by string
		var repliesTo sql.NullString
		var there bool
		if err := rows.Scan(&m.seq, &column, &m.at, &by, &there, &repliesTo); err != nil {
			return m, err
		}
		if m.mentions, err = ids(column); there {
			m.inboxes = chat.ConcernedBy(chat.UserID(by), m.mentions, chat.UserID(repliesTo.String))
		}
		return m, err
	})
	if err != nil || len(list) == 0 {
		return 0, err
	}
	for _, m := range list {
		for _, u := range m.mentions {
			if _, err := t.exec(`DELETE FROM mentions WHERE user = ? AND chat = ? AND seq = ?`, string(u), string(s.id), int64(m.seq)); err != nil {
				return 0, err
			}
		}
	}
	for _, m := range list {
		if err := t.setInbox(&chat.Message{ChatID: s.id, Seq: m.seq, At: m.at}, m.inboxes, nil); err != nil {
			return 0, err
		}
	}
	_, err = t.exec(`DELETE FROM messages WHERE chat = ? AND seq >= ?`, string(s.id), int64(list[len(list)-1].seq))
	return len(list), err
}

func (t *tx) purgeEvents(s *state) (n int, err error) {
	rows, err := t.rows(eventOfEvent+` WHERE e.chat = ? ORDER BY e.seq LIMIT ?`, string(s.id), purgeRows)
	scan := newEventScan(s.id)
	list, err := collect(rows, err, func() (chat.Event, error) { return scan.row(rows) })
	if err != nil {
		return 0, err
	}
	for i := range list {
		if list[i].Outlasts(s.head) {
			continue
		}
		n++
		if _, err := t.exec(`DELETE FROM events WHERE chat = ? AND seq = ?`, string(s.id), int64(list[i].Seq)); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (t *tx) purgeUnchanged(s *state) (int, error) {
	n, err := t.exec(`DELETE FROM unchanged WHERE chat = ?1 AND (client_id, by) IN (SELECT client_id, by FROM unchanged WHERE chat = ?1 LIMIT ?2)`,
		string(s.id), purgeRows)
	return int(n), err
}
