package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"parley/chat"
)

// Members returns members in ascending order of user id.
func (db *DB) Members(ctx context.Context, viewer chat.UserID, id chat.ChatID, after chat.UserID, limit int) ([]chat.Member, error) {
	// The viewer's membership is checked in the same snapshot as the list.
	rows, err := db.rows(ctx, `SELECT m.user, m.role, `+readColumn+` FROM members m WHERE m.chat = ?1 AND m.user > ?2
		AND EXISTS (SELECT 1 FROM members v WHERE v.chat = ?1 AND v.user = ?3) ORDER BY m.user LIMIT ?4`,
		string(id), string(after), string(viewer), limit)
	members, err := collect(rows, err, func() (m chat.Member, err error) {
		return m, rows.Scan(&m.UserID, &m.Role, &m.ReadUpTo)
	})
	if err == nil && len(members) == 0 {
		// Past the end, or no member.
		_, _, _, err = pointer(db.row(ctx, pointerOf, string(id), string(viewer)))
	}
	return members, storeError(err, "read members")
}

// pointerOf reads how far a member has read, from where messages are unread again, and the
// head.
const pointerOf = `SELECT ` + readColumn + `, ifnull(m.unread_from, 0), c.head FROM members m CROSS JOIN chats c ON c.id = m.chat WHERE m.chat = ? AND m.user = ?`

func pointer(row scanner) (read, from, head chat.Seq, err error) {
	err = row.Scan(&read, &from, &head)
	if errors.Is(err, sql.ErrNoRows) {
		err = chat.NoChat()
	}
	return read, from, head, err
}

// MarkRead moves a read pointer. Most calls move nothing: they end after a read.
func (db *DB) MarkRead(ctx context.Context, id chat.ChatID, user chat.UserID, seq chat.Seq) (at chat.Seq, moved bool, err error) {
	at, from, head, err := pointer(db.row(ctx, pointerOf, string(id), string(user)))
	seq = min(seq, head)
	ends := func() bool { return from != 0 && from <= seq }
	if err != nil || seq <= at && !ends() {
		return at, false, storeError(err, "read a read pointer")
	}
	err = db.write(ctx, func(t *tx) error {
		// Another device, or a post, may have been faster.
		if at, from, _, err = pointer(t.row(pointerOf, string(id), string(user))); err != nil || seq <= at && !ends() {
			return err
		}
		at, moved = max(at, seq), true
		if ends() {
			from = 0
		}
		_, err = t.exec(`UPDATE members SET read_up_to = ?, unread_from = nullif(?, 0) WHERE chat = ? AND user = ?`, int64(at), int64(from), string(id), string(user))
		return err
	})
	if err != nil {
		return 0, false, err
	}
	return at, moved, nil
}
