package sqlite

import (
	"context"

	"parley/chat"
)

const sessionColumns = `s.id, s.user, s.label, s.client, s.address, s.created_at, s.seen_at, s.expires_at`

// scanSession returns where a row of sessionColumns is read to.
func scanSession(s *chat.Session) []any {
	return []any{&s.ID, &s.UserID, &s.Label, &s.Client, &s.Address, &s.CreatedAt, &s.SeenAt, &s.ExpiresAt}
}

// CreateSession signs a user in. On a full disk only admins of the server sign in: they
// can remove others.
func (db *DB) CreateSession(ctx context.Context, user chat.UserID, n chat.NewSession) (chat.Session, error) {
	var s chat.Session
	err := db.writeWhenFull(ctx, func(t *tx) error {
		u, _, err := t.user(user)
		if err != nil {
			return err
		}
		if err := chat.CheckSignIn(u); err != nil {
			return err
		}
		if db.full.Load() && !u.ActiveAdmin() {
			return errFull()
		}
		s, err = insertSession(t, user, n)
		return err
	})
	if err != nil {
		return chat.Session{}, err
	}
	return s, nil
}

// insertSession also deletes the user's expired sessions, and ends what the new session
// replaces and the surplus.
func insertSession(t *tx, user chat.UserID, n chat.NewSession) (chat.Session, error) {
	s := n.Session(user, t.now)
	if _, err := t.exec(`DELETE FROM sessions WHERE user = ? AND (seen_at <= ? OR expires_at <= ?)`, string(user), chat.SessionsSeen(t.now), t.now); err != nil {
		return s, err
	}
	if _, err := t.exec(`INSERT INTO sessions (id, user, token, label, client, address, created_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		string(s.ID), string(user), n.TokenHash[:], s.Label, s.Client, s.Address, s.CreatedAt, s.SeenAt, s.ExpiresAt); err != nil {
		return s, err
	}
	if n.Replaces != "" {
		var whose chat.UserID
		ok, err := found(t.row(`SELECT user FROM sessions WHERE id = ?`, string(n.Replaces)).Scan(&whose))
		if err == nil && ok {
			err = deleteSessions(t, whose, []chat.SessionID{n.Replaces})
		}
		if err != nil {
			return s, err
		}
	}
	rows, err := t.rows(`SELECT id, seen_at FROM sessions WHERE user = ?`, string(user))
	all, err := collect(rows, err, func() (s chat.Session, err error) { return s, rows.Scan(&s.ID, &s.SeenAt) })
	if err != nil {
		return s, err
	}
	return s, deleteSessions(t, user, chat.SurplusSessions(all, s.ID))
}

// deleteSessions ends sessions of the user, and publishes their revocation.
func deleteSessions(t *tx, user chat.UserID, ids []chat.SessionID) error {
	if len(ids) == 0 {
		return nil
	}
	for _, id := range ids {
		if _, err := t.exec(`DELETE FROM sessions WHERE id = ?`, string(id)); err != nil {
			return err
		}
	}
	t.publish(chat.Notice{Ended: &chat.Revocation{UserID: user, Sessions: ids}})
	return nil
}

// Identify returns the holder of a token.
func (db *DB) Identify(ctx context.Context, tokenHash [32]byte) (chat.User, chat.Session, error) {
	var s chat.Session
	u, err := scanUser(db.row(ctx, `SELECT `+userColumns+`, `+sessionColumns+` FROM sessions s CROSS JOIN users u ON u.id = s.user WHERE s.token = ?`, tokenHash[:]),
		scanSession(&s)...)
	now := db.now()
	if _, err := found(err); err != nil {
		return chat.User{}, chat.Session{}, storeError(err, "identify a session")
	}
	if err := chat.CheckSession(u, s, now); err != nil {
		return chat.User{}, chat.Session{}, err
	}
	if s.SeenOutdated(now) {
		db.tryWrite(func(t *tx) error {
			_, err := t.exec(`UPDATE sessions SET seen_at = ? WHERE id = ? AND seen_at < ?`, now, string(s.ID), now)
			return err
		})
	}
	return u, s, nil
}

// SessionsOf returns the live sessions of a user, newest first.
func (db *DB) SessionsOf(ctx context.Context, user chat.UserID) ([]chat.Session, error) {
	now := db.now()
	rows, err := db.rows(ctx, `SELECT `+sessionColumns+` FROM sessions s WHERE s.user = ? AND s.seen_at > ? AND s.expires_at > ? ORDER BY s.id DESC`,
		string(user), chat.SessionsSeen(now), now)
	all, err := collect(rows, err, func() (s chat.Session, err error) {
		return s, rows.Scan(scanSession(&s)...)
	})
	return all, storeError(err, "read sessions")
}

// EndSession ends one session of the user.
func (db *DB) EndSession(ctx context.Context, user chat.UserID, id chat.SessionID) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM sessions WHERE id = ? AND user = ?`, string(id), string(user))
		if err != nil {
			return err
		}
		if n == 0 {
			return chat.NoSession()
		}
		t.publish(chat.Notice{Ended: &chat.Revocation{UserID: user, Sessions: []chat.SessionID{id}}})
		return nil
	})
}

// EndOthers ends all sessions of the user but keep.
func (db *DB) EndOthers(ctx context.Context, user chat.UserID, keep chat.SessionID) error {
	return db.writeWhenFull(ctx, func(t *tx) error { return endSessions(t, user, keep) })
}

// endSessions ends all sessions of the user but keep, and publishes their revocation.
func endSessions(t *tx, user chat.UserID, keep chat.SessionID) error {
	rows, err := t.rows(`SELECT id FROM sessions WHERE user = ? AND id <> ?`, string(user), string(keep))
	ended, err := collect(rows, err, func() (id chat.SessionID, err error) { return id, rows.Scan(&id) })
	if err != nil || len(ended) == 0 {
		return err
	}
	if _, err := t.exec(`DELETE FROM sessions WHERE user = ? AND id <> ?`, string(user), string(keep)); err != nil {
		return err
	}
	t.publish(chat.Notice{Ended: &chat.Revocation{UserID: user, Sessions: ended}})
	return nil
}

// Ended returns those of the ids that are no longer live. Each hello asks for one.
func (db *DB) Ended(ctx context.Context, ids []chat.SessionID) ([]chat.SessionID, error) {
	query, which := `SELECT s.id FROM sessions s WHERE s.id = ? AND s.seen_at > ? AND s.expires_at > ?`, ""
	if len(ids) == 1 {
		which = string(ids[0])
	} else {
		query, which = `SELECT s.id FROM sessions s WHERE s.id IN (SELECT value FROM json_each(?)) AND s.seen_at > ? AND s.expires_at > ?`, jsonArg(ids)
	}
	now := db.now()
	rows, err := db.rows(ctx, query, which, chat.SessionsSeen(now), now)
	live := make(map[chat.SessionID]bool, len(ids))
	_, err = collect(rows, err, func() (id chat.SessionID, err error) {
		err = rows.Scan(&id)
		live[id] = true
		return id, err
	})
	if err != nil {
		return nil, storeError(err, "read ended sessions")
	}
	return chat.EndedSessions(ids, live), nil
}
