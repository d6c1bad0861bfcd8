package sqlite

import (
	"context"

	"parley/chat"
)

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

// AnySubscription is [chat.Pushes].AnySubscription.
func (db *DB) AnySubscription(ctx context.Context) (any bool, err error) {
	err = db.row(ctx, `SELECT EXISTS (SELECT 1 FROM subscriptions)`).Scan(&any)
	return any, storeError(err, "look for a subscription")
}

// SavePushResult is [chat.Pushes].SavePushResult.
func (db *DB) SavePushResult(ctx context.Context, id chat.SessionID, r chat.PushResult) error {
	return db.write(ctx, func(t *tx) error { return savePushResult(t, id, r) })
}

func savePushResult(t *tx, id chat.SessionID, r chat.PushResult) error {
	_, err := t.exec(`UPDATE subscriptions SET at = ?, result = ?, reason = ? WHERE session = ?`, r.At, r.Result, r.Reason, string(id))
	return err
}
