package sqlite

import (
	"context"
	"encoding/json"

	"parley/chat"
)

const (
	subscriptionColumns = `p.session, p.user, p.endpoint, p.p256dh, p.auth, p.at, p.result, p.reason, p.shown`

	// nothingShown is an empty chat.Shown.
	nothingShown = `{}`

	// liveSession joins the session of p; its arguments are SessionsSeen and now.
	liveSession = ` CROSS JOIN sessions s ON s.id = p.session AND s.seen_at > ? AND s.expires_at > ?`
)

func scanSubscription(row scanner) (s chat.Subscription, err error) {
	var r chat.PushResult
	var shown []byte
	if err = row.Scan(&s.Session, &s.User, &s.Endpoint, &s.P256dh, &s.Auth, &r.At, &r.Result, &r.Reason, &shown); err != nil {
		return s, err
	}
	if r.At != 0 {
		s.Last = &r
	}
	if len(shown) > len(nothingShown) {
		err = json.Unmarshal(shown, &s.Shown)
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

// ShowingSubscriptions is [chat.Pushes].ShowingSubscriptions.
func (db *DB) ShowingSubscriptions(ctx context.Context, limit int) ([]chat.Subscription, error) {
	now := db.now()
	rows, err := db.rows(ctx, `SELECT `+subscriptionColumns+` FROM subscriptions p`+liveSession+` WHERE p.shown != '`+nothingShown+`' ORDER BY p.user LIMIT ?`,
		chat.SessionsSeen(now), now, limit)
	list, err := collect(rows, err, func() (chat.Subscription, error) { return scanSubscription(rows) })
	return list, storeError(err, "read subscriptions of devices that show notifications")
}

// AnySubscription is [chat.Pushes].AnySubscription.
func (db *DB) AnySubscription(ctx context.Context) (any bool, err error) {
	err = db.row(ctx, `SELECT EXISTS (SELECT 1 FROM subscriptions)`).Scan(&any)
	return any, storeError(err, "look for a subscription")
}

// SavePushResult is [chat.Pushes].SavePushResult.
func (db *DB) SavePushResult(ctx context.Context, id chat.SessionID, r chat.PushResult) error {
	return db.write(ctx, func(t *tx) error { return savePushState(t, id, chat.PushState{Last: &r}) })
}

func savePushState(t *tx, id chat.SessionID, s chat.PushState) error {
	var at, result, reason, shown any // nil: the column stays
	if s.Last != nil {
		at, result, reason = s.Last.At, s.Last.Result, s.Last.Reason
	}
	if s.Shown != nil {
		b, _ := json.Marshal(s.Shown) // cannot fail
		shown = string(b)
	}
	_, err := t.exec(`UPDATE subscriptions SET at = ifnull(?, at), result = ifnull(?, result), reason = ifnull(?, reason), shown = ifnull(?, shown) WHERE session = ?`,
		at, result, reason, shown, string(id))
	return err
}
