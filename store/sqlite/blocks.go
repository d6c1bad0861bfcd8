package sqlite

import (
	"context"
	"strings"

	"parley/chat"
)

// Block is [chat.Blocks].Block.
func (db *DB) Block(ctx context.Context, by, user chat.UserID) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		u, _, err := t.user(user)
		if err != nil {
			return err
		}
		var blocked int
		if err := t.row(`SELECT count(*) FROM blocks WHERE user = ?1 AND blocked != ?2`, string(by), string(user)).Scan(&blocked); err != nil {
			return err
		}
		if err := chat.CheckBlock(by, u, blocked); err != nil {
			return err
		}
		t.forgetSilenced()
		_, err = t.exec(`INSERT INTO blocks (user, blocked) VALUES (?, ?) ON CONFLICT DO NOTHING`, string(by), string(user))
		return err
	})
}

// Unblock is [chat.Blocks].Unblock.
func (db *DB) Unblock(ctx context.Context, by, user chat.UserID) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		t.forgetSilenced()
		_, err := t.exec(`DELETE FROM blocks WHERE user = ? AND blocked = ?`, string(by), string(user))
		return err
	})
}

// forgetSilenced must be called when blocks change.
func (t *tx) forgetSilenced() {
	for _, s := range t.cache.chats {
		s.silenced = -1
	}
}

// Blocks is [chat.Blocks].Blocks.
func (db *DB) Blocks(ctx context.Context, by chat.UserID) ([]chat.UserID, error) {
	rows, err := db.rows(ctx, `SELECT blocked FROM blocks WHERE user = ?`, string(by))
	users, err := collect(rows, err, func() (u chat.UserID, err error) { return u, rows.Scan(&u) })
	return users, storeError(err, "read blocks")
}

func (v view) Blocked(user chat.UserID, by []chat.UserID) (blocked bool) {
	v.found(v.t.row(`SELECT EXISTS (SELECT 1 FROM json_each(?) b CROSS JOIN blocks k ON k.user = b.value WHERE k.blocked = ?)`, jsonArg(by), string(user)).Scan(&blocked))
	return blocked
}

func (v view) Silenced() bool {
	if v.s.kind != chat.Direct {
		return false
	}
	if v.s.silenced < 0 {
		var pair string
		v.found(v.t.row(`SELECT ifnull(pair, '') FROM chats WHERE id = ?`, string(v.s.id)).Scan(&pair))
		a, b, _ := strings.Cut(pair, " ")
		v.s.silenced = 0
		if v.Blocked(chat.UserID(a), []chat.UserID{chat.UserID(b)}) || v.Blocked(chat.UserID(b), []chat.UserID{chat.UserID(a)}) {
			v.s.silenced = 1
		}
	}
	return v.s.silenced == 1
}
