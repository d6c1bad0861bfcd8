package sqlite

import (
	"context"
	"math"
	"slices"

	"parley/chat"
)

// MentionsOf is [chat.Log].MentionsOf. One statement reads the messages and the
// memberships.
func (db *DB) MentionsOf(ctx context.Context, user chat.UserID, below chat.MentionPlace, limit int) ([]chat.Message, error) {
	if err := chat.CheckLimit(int64(limit), chat.MaxPage+1); err != nil {
		return nil, err
	}
	if below == (chat.MentionPlace{}) {
		below.At = math.MaxInt64
	}
	rows, err := db.rows(ctx, `SELECT i.chat, `+message+` FROM inbox i CROSS JOIN messages m ON m.chat = i.chat AND m.seq = i.seq
		WHERE i.user = ?1 AND (i.at, i.chat, i.seq) < (?2, ?3, ?4) AND EXISTS (SELECT 1 FROM members v WHERE v.chat = i.chat AND v.user = ?1)
		ORDER BY i.at DESC, i.chat DESC, i.seq DESC LIMIT ?5`, string(user), below.At, string(below.Chat), clampSeq(below.Seq), limit)
	list, err := collect(rows, err, func() (m chat.Message, err error) {
		var id chat.ChatID
		var p packed
		if err = rows.Scan((*string)(&id), &p.rest); err == nil {
			err = p.message(&m, id, user, chat.MaxReactBy)
		}
		return m, err
	})
	return list, storeError(err, "read mentions")
}

// addAll adds to Mentions the unread messages that mention all members and not the user. Few
// chats have one, which allSeq tells without a read.
func (db *DB) addAll(ctx context.Context, user chat.UserID, c *chat.Chat, allSeq chat.Seq) error {
	if c.Role == "" || allSeq <= c.ReadTo() {
		return nil
	}
	var n int
	err := db.row(ctx, `SELECT count(*) FROM messages a INDEXED BY messages_all WHERE a.chat = ?1 AND a.seq > ?2 AND a.seq <= ?3 AND a.mentions_all = 'all'
		AND NOT EXISTS (SELECT 1 FROM mentions k WHERE k.user = ?4 AND k.chat = a.chat AND k.seq = a.seq)`,
		string(c.ID), int64(c.ReadTo()), int64(c.Head), string(user)).Scan(&n)
	c.Mentions += n
	return storeError(err, "count mentions")
}

// setInbox brings the inboxes of users in line with a message: old are those whose inbox
// has it.
func (t *tx) setInbox(m *chat.Message, old, users []chat.UserID) error {
	for _, u := range old {
		if !slices.Contains(users, u) {
			if _, err := t.exec("DELETE FROM inbox WHERE user = ? AND at = ? AND chat = ? AND seq = ?", string(u), m.At, string(m.ChatID), int64(m.Seq)); err != nil {
				return err
			}
		}
	}
	for _, u := range users {
		if !slices.Contains(old, u) {
			if _, err := t.exec("INSERT INTO inbox (user, at, chat, seq) VALUES (?, ?, ?, ?)", string(u), m.At, string(m.ChatID), int64(m.Seq)); err != nil {
				return err
			}
		}
	}
	return nil
}
