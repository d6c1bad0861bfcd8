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
		FROM chats c CROSS JOIN since LEFT JOIN pushed p ON p.chat = c.id WHERE c.id > ? ORDER BY c.id LIMIT ?`, string(after), limit)
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

// SavePushed is [chat.Pushes].SavePushed.
func (db *DB) SavePushed(ctx context.Context, at int64) error {
	return db.write(ctx, func(t *tx) error {
		_, err := t.exec(`INSERT INTO meta (key, value) VALUES ('pushed', ?) ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)`, at)
		return err
	})
}

// MakePushes is [chat.Pushes].MakePushes.
func (db *DB) MakePushes(ctx context.Context, made []chat.ChatPushes) (queued []chat.QueuedPush, all bool, err error) {
	err = db.write(ctx, func(t *tx) error {
		all = true
		for i := range made {
			m := &made[i]
			n, err := t.exec(`INSERT INTO pushed (chat, seq) VALUES (?, ?) ON CONFLICT (chat) DO UPDATE SET seq = excluded.seq WHERE seq <= ?`, string(m.ChatID), int64(m.Last), int64(m.After))
			if err != nil {
				return err
			}
			if n == 0 {
				all = false
				continue
			}
			some, err := t.queuePushes(m)
			if err != nil {
				return err
			}
			queued = append(queued, some...)
		}
		return nil
	})
	return queued, all && err == nil, err
}

// queuePushes queues the pushes of a chat for the sessions of their users, and returns them.
func (t *tx) queuePushes(m *chat.ChatPushes) ([]chat.QueuedPush, error) {
	if len(m.Pushes) == 0 {
		return nil, nil
	}
	of, list := make(map[chat.UserID]*chat.QueuedPush, len(m.Pushes)), make([][6]any, len(m.Pushes))
	for i := range m.Pushes {
		q := &m.Pushes[i]
		of[q.User], list[i] = q, [...]any{q.User, q.Seq, q.Count, q.At, q.Due, q.Urgent}
	}
	rows, err := t.rows(`INSERT INTO pushes (session, chat, user, seq, count, at, due, urgent, tries)
		SELECT s.session, ?, s.user, j.value->>1, j.value->>2, j.value->>3, j.value->>4, j.value->>5, 0
		FROM json_each(?) j CROSS JOIN subscriptions s ON s.user = j.value->>0 WHERE true
		ON CONFLICT (session, chat) DO UPDATE SET seq = excluded.seq, count = count + excluded.count, urgent = max(urgent, excluded.urgent)
		RETURNING session, user, (SELECT e.endpoint FROM subscriptions e WHERE e.session = pushes.session)`, string(m.ChatID), jsonArg(list))
	return collect(rows, err, func() (q chat.QueuedPush, err error) {
		var session, user, endpoint string
		if err = rows.Scan(&session, &user, &endpoint); err == nil {
			q = *of[chat.UserID(user)]
			q.Session, q.ChatID, q.Endpoint = chat.SessionID(session), m.ChatID, endpoint
		}
		return q, err
	})
}

// QueuedPushes is [chat.Pushes].QueuedPushes.
func (db *DB) QueuedPushes(ctx context.Context, limit int) ([]chat.QueuedPush, error) {
	now := db.now()
	rows, err := db.rows(ctx, `SELECT p.session, p.user, p.chat, p.seq, p.count, p.at, p.due, p.tries, p.urgent, e.endpoint
		FROM pushes p`+liveSession+` CROSS JOIN subscriptions e ON e.session = p.session ORDER BY p.urgent DESC, p.due LIMIT ?`,
		chat.SessionsSeen(now), now, limit)
	pushes, err := collect(rows, err, func() (q chat.QueuedPush, err error) {
		return q, rows.Scan(&q.Session, &q.User, &q.ChatID, &q.Seq, &q.Count, &q.At, &q.Due, &q.Tries, &q.Urgent, &q.Endpoint)
	})
	return pushes, storeError(err, "read queued pushes")
}

// EndPushes is [chat.Pushes].EndPushes.
func (db *DB) EndPushes(ctx context.Context, ended, again []chat.QueuedPush, states map[chat.SessionID]chat.PushState) error {
	const ofEnded = `FROM json_each(?) j CROSS JOIN pushes p ON p.session = j.value->>0 AND p.chat = j.value->>1`
	list := make([][4]any, len(ended))
	for i, q := range ended {
		list[i] = [...]any{q.Session, q.ChatID, q.Seq, q.Count}
	}
	return db.writeWhenFull(ctx, func(t *tx) error {
		gone, err := t.exec(`DELETE FROM pushes WHERE (session, chat) IN (SELECT p.session, p.chat `+ofEnded+` WHERE p.seq <= j.value->>2)`, jsonArg(list))
		if err != nil {
			return err
		}
		if gone < int64(len(list)) { // later messages replaced the others
			if _, err := t.exec(`UPDATE pushes SET count = pushes.count - r.count, tries = 0
				FROM (SELECT p.session, p.chat, j.value->>3 AS count `+ofEnded+`) r WHERE pushes.session = r.session AND pushes.chat = r.chat`, jsonArg(list)); err != nil {
				return err
			}
		}
		for _, q := range again {
			if _, err := t.exec(`UPDATE pushes SET due = ?, tries = ?, urgent = 0 WHERE session = ? AND chat = ?`, q.Due, q.Tries, string(q.Session), string(q.ChatID)); err != nil {
				return err
			}
		}
		for id, s := range states {
			if err := savePushState(t, id, s); err != nil {
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
