package sqlite

import (
	"context"

	"parley/chat"
)

// succeed appends chat.Succession to the log of a chat, if there is any.
func (t *tx) succeed(s *state, by chat.UserID) error {
	next, ok := chat.Succession(view{t, s}, by)
	if t.broken != nil {
		return t.broken
	}
	if !ok {
		return nil
	}
	_, _, err := t.extend(s, next)
	return err
}

// succeedAll is succeed for the groups of a user whose account was activated or deactivated.
func (t *tx) succeedAll(user, by chat.UserID) error {
	for _, s := range t.cache.chats {
		s.admins = -1
	}
	rows, err := t.rows(`SELECT m.chat FROM members m CROSS JOIN chats c ON c.id = m.chat WHERE m.user = ? AND c.kind = 'group'`, string(user))
	groups, err := collect(rows, err, func() (id chat.ChatID, err error) { return id, rows.Scan(&id) })
	if err != nil {
		return err
	}
	for _, id := range groups {
		s, err := t.state(id)
		if err != nil {
			return err
		}
		if err := t.succeed(s, by); err != nil {
			return err
		}
	}
	return nil
}

func (v view) Oldest() (chat.UserID, bool) {
	rows, err := v.t.rows(`SELECT e.users FROM events e WHERE e.chat = ? AND e.kind = 'joined' ORDER BY e.seq`, string(v.s.id))
	joined, err := collect(rows, err, func() ([]chat.UserID, error) {
		var column []byte
		if err := rows.Scan(&column); err != nil {
			return nil, err
		}
		return ids(column)
	})
	v.t.note(err)
	rows, err = v.t.rows(`SELECT m.user FROM members m CROSS JOIN users u ON u.id = m.user WHERE m.chat = ? AND u.active = 1`, string(v.s.id))
	active, err := collect(rows, err, func() (u chat.UserID, err error) { return u, rows.Scan(&u) })
	v.t.note(err)
	return chat.Oldest(joined, active)
}

// giveAdmins appends chat.Succession to every group of a database that was written before
// groups always had an admin. The actor is the new admin.
func (db *DB) giveAdmins(ctx context.Context) error {
	var due bool
	if err := db.row(ctx, `SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'admins')`).Scan(&due); err != nil || !due {
		return err
	}
	return db.writeWhenFull(ctx, func(t *tx) error {
		// The range on id makes SQLite use the clustered key.
		rows, err := t.rows(`SELECT c.id FROM chats c WHERE c.id > '' AND c.kind = 'group' AND NOT EXISTS (SELECT 1
			FROM members m CROSS JOIN users u ON u.id = m.user WHERE m.chat = c.id AND m.role = 'admin' AND u.active = 1)`)
		groups, err := collect(rows, err, func() (id chat.ChatID, err error) { return id, rows.Scan(&id) })
		if err != nil {
			return err
		}
		for _, id := range groups {
			s, err := t.state(id)
			if err != nil {
				return err
			}
			next, ok := chat.Succession(view{t, s}, "")
			if t.broken != nil {
				return t.broken
			}
			if ok {
				next.By = next.Users[0]
				if _, _, err := t.extend(s, next); err != nil {
					return err
				}
			}
		}
		_, err = t.exec(`DELETE FROM meta WHERE key = 'admins'`)
		return err
	})
}
