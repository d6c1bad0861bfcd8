package sqlite

import (
	"context"
	"encoding/json"

	"parley/chat"
)

// PushKey is [chat.Pushes].PushKey.
func (db *DB) PushKey(ctx context.Context, made []byte) (key []byte, err error) {
	err = db.write(ctx, func(t *tx) error {
		if _, err := t.exec(`INSERT INTO meta (key, value) VALUES ('push', ?) ON CONFLICT DO NOTHING`, made); err != nil {
			return err
		}
		return t.row(`SELECT value FROM meta WHERE key = 'push'`).Scan(&key)
	})
	return key, err
}

const (
	subscriptionColumns = `p.session, p.user, p.endpoint, p.p256dh, p.auth, p.at, p.result, p.reason`

	// liveSession joins the session of p; its arguments are SessionsSeen and now.
	liveSession = ` CROSS JOIN sessions s ON s.id = p.session AND s.seen_at > ? AND s.expires_at > ?`
)

func scanSubscription(row scanner) (s chat.Subscription, err error) {
	var r chat.PushResult
	if err = row.Scan(&s.Session, &s.User, &s.Endpoint, &s.P256dh, &s.Auth, &r.At, &r.Result, &r.Reason); r.At != 0 {
		s.Last = &r
	}
	return s, err
}

// Subscribe is [chat.Pushes].Subscribe.
func (db *DB) Subscribe(ctx context.Context, s chat.Subscription) error {
	return db.write(ctx, func(t *tx) error {
		var live bool
		if err := t.row(`SELECT EXISTS (SELECT 1 FROM sessions WHERE id = ? AND user = ? AND seen_at > ? AND expires_at > ?)`,
			string(s.Session), string(s.User), chat.SessionsSeen(t.now), t.now).Scan(&live); err != nil {
			return err
		}
		if !live {
			return chat.SessionEnded()
		}
		old, err := scanSubscription(t.row(`SELECT `+subscriptionColumns+` FROM subscriptions p WHERE p.session = ?`, string(s.Session)))
		switch known, err := found(err); {
		case err != nil:
			return err
		case known && old.Same(s):
			return nil
		}
		if _, err := t.exec(`DELETE FROM subscriptions WHERE session = ? OR endpoint = ?`, string(s.Session), s.Endpoint); err != nil {
			return err
		}
		_, err = t.exec(`INSERT INTO subscriptions (session, user, endpoint, p256dh, auth) VALUES (?, ?, ?, ?, ?)`, string(s.Session), string(s.User), s.Endpoint, s.P256dh, s.Auth)
		return err
	})
}

// Unsubscribe is [chat.Pushes].Unsubscribe.
func (db *DB) Unsubscribe(ctx context.Context, id chat.SessionID, endpoint string) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		_, err := t.exec(`DELETE FROM subscriptions WHERE session = ?1 AND ?2 IN ('', endpoint)`, string(id), endpoint)
		return err
	})
}

// Subscription is [chat.Pushes].Subscription.
func (db *DB) Subscription(ctx context.Context, id chat.SessionID) (s chat.Subscription, ok bool, err error) {
	now := db.now()
	s, err = scanSubscription(db.row(ctx, `SELECT `+subscriptionColumns+` FROM subscriptions p`+liveSession+` WHERE p.session = ?`, chat.SessionsSeen(now), now, string(id)))
	ok, err = found(err)
	return s, ok, storeError(err, "read a subscription")
}

// SavePushResult is [chat.Pushes].SavePushResult.
func (db *DB) SavePushResult(ctx context.Context, id chat.SessionID, r chat.PushResult) error {
	return db.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE subscriptions SET at = ?, result = ?, reason = ? WHERE session = ?`, r.At, r.Result, r.Reason, string(id))
		return err
	})
}

// PushTargets is [chat.Pushes].PushTargets.
func (db *DB) PushTargets(ctx context.Context, id chat.ChatID) ([]chat.PushTarget, error) {
	now := db.now()
	rows, err := db.rows(ctx, `SELECT m.user, `+readColumn+`, `+roleColumn+`, c.n, u.settings
		FROM chats c CROSS JOIN members m ON m.chat = c.id CROSS JOIN users u ON u.id = m.user
		WHERE c.id = ? AND c.deleted = 0 AND EXISTS (SELECT 1 FROM subscriptions p`+liveSession+` WHERE p.user = m.user)`,
		string(id), chat.SessionsSeen(now), now)
	targets, err := collect(rows, err, func() (target chat.PushTarget, err error) {
		var m membership
		var n chat.Seq
		var settings []byte
		if err := rows.Scan(&target.User, &target.ReadUpTo, &m.role, &n, &settings); err != nil {
			return target, err
		}
		_, mine := m.mine(n)
		target.Mine, target.Settings = *mine, chat.DefaultSettings()
		if settings != nil {
			err = json.Unmarshal(settings, &target.Settings)
		}
		return target, err
	})
	return targets, storeError(err, "read who is told of a message")
}

// UnmadePushes is [chat.Pushes].UnmadePushes.
func (db *DB) UnmadePushes(ctx context.Context, after chat.ChatID, limit int) (chats []chat.PushedTo, last chat.ChatID, err error) {
	rows, err := db.rows(ctx, `WITH since (at) AS (SELECT ifnull((SELECT value FROM meta WHERE key = 'pushed'), 0))
		SELECT c.id, max(ifnull(p.seq, 0), ifnull((SELECT x.seq FROM messages x WHERE x.chat = c.id AND x.at < since.at ORDER BY x.seq DESC LIMIT 1), 0)),
			c.deleted = 0 AND c.last_at >= since.at AND ifnull(p.seq, 0) < ifnull((SELECT l.seq FROM messages l WHERE l.chat = c.id ORDER BY l.seq DESC LIMIT 1), 0)
		FROM since CROSS JOIN chats c LEFT JOIN pushed p ON p.chat = c.id WHERE c.id > ? ORDER BY c.id LIMIT ?`, string(after), limit)
	_, err = collect(rows, err, func() (struct{}, error) {
		var p chat.PushedTo
		var unmade bool
		err := rows.Scan(&p.ChatID, &p.Seq, &unmade)
		if last = p.ChatID; unmade {
			chats = append(chats, p)
		}
		return struct{}{}, err
	})
	return chats, last, storeError(err, "read of what no push was made")
}

// MakePushes is [chat.Pushes].MakePushes.
func (db *DB) MakePushes(ctx context.Context, p chat.PushProgress, pushes []chat.QueuedPush) error {
	return db.write(ctx, func(t *tx) error {
		if p.At != 0 {
			if _, err := t.exec(`INSERT INTO meta (key, value) VALUES ('pushed', ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value`, p.At); err != nil {
				return err
			}
		}
		for _, c := range p.Chats {
			if _, err := t.exec(`INSERT INTO pushed (chat, seq) VALUES (?, ?) ON CONFLICT (chat) DO UPDATE SET seq = max(seq, excluded.seq)`, string(c.ChatID), int64(c.Seq)); err != nil {
				return err
			}
		}
		for _, q := range pushes {
			if _, err := t.exec(`INSERT INTO pushes (session, chat, user, seq, count, at, due, tries)
				SELECT session, ?2, ?1, ?3, ?4, ?5, ?6, 0 FROM subscriptions WHERE user = ?1
				ON CONFLICT (session, chat) DO UPDATE SET seq = excluded.seq, count = count + excluded.count`,
				string(q.User), string(q.ChatID), int64(q.Seq), q.Count, q.At, q.Due); err != nil {
				return err
			}
		}
		return nil
	})
}

// QueuedPushes is [chat.Pushes].QueuedPushes.
func (db *DB) QueuedPushes(ctx context.Context, limit int) ([]chat.QueuedPush, error) {
	now := db.now()
	rows, err := db.rows(ctx, `SELECT p.session, p.user, p.chat, p.seq, p.count, p.at, p.due, p.tries FROM pushes p`+liveSession+` ORDER BY p.due LIMIT ?`,
		chat.SessionsSeen(now), now, limit)
	pushes, err := collect(rows, err, func() (q chat.QueuedPush, err error) {
		return q, rows.Scan(&q.Session, &q.User, &q.ChatID, &q.Seq, &q.Count, &q.At, &q.Due, &q.Tries)
	})
	return pushes, storeError(err, "read queued pushes")
}

// EndPushes is [chat.Pushes].EndPushes.
func (db *DB) EndPushes(ctx context.Context, ended, again []chat.QueuedPush) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		for _, q := range ended {
			if _, err := t.exec(`DELETE FROM pushes WHERE session = ? AND chat = ? AND seq <= ?`, string(q.Session), string(q.ChatID), int64(q.Seq)); err != nil {
				return err
			}
			if _, err := t.exec(`UPDATE pushes SET count = count - ?, tries = 0 WHERE session = ? AND chat = ?`, q.Count, string(q.Session), string(q.ChatID)); err != nil {
				return err
			}
		}
		for _, q := range again {
			if _, err := t.exec(`UPDATE pushes SET due = ?, tries = ? WHERE session = ? AND chat = ?`, q.Due, q.Tries, string(q.Session), string(q.ChatID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// CountPushes is [chat.Pushes].CountPushes.
func (db *DB) CountPushes(ctx context.Context) (n int, oldest int64, err error) {
	err = db.row(ctx, `SELECT count(*), ifnull(min(at), 0) FROM pushes`).Scan(&n, &oldest)
	return n, oldest, storeError(err, "count queued pushes")
}
