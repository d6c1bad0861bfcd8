package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"errors"

	"parley/chat"
)

const inviteColumns = `i.id, i.by, ifnull(i.chat, ''), i.uses, i.created_at, i.expires_at`

// scanInvite reads inviteColumns, and after them what more asks for.
func scanInvite(row scanner, more ...any) (i chat.Invite, err error) {
	err = row.Scan(append([]any{&i.ID, &i.By, &i.ChatID, &i.Uses, &i.CreatedAt, &i.ExpiresAt}, more...)...)
	return i, err
}

// CreateInvite saves an invite with the hash of its code.
func (db *DB) CreateInvite(ctx context.Context, i chat.Invite, codeHash [32]byte) (chat.Invite, error) {
	i.ID = chat.NewID[chat.InviteID]()
	err := db.write(ctx, func(t *tx) error {
		i.CreatedAt = t.now
		var to any
		var kind chat.ChatKind
		var member bool
		if i.ChatID != "" {
			to = string(i.ChatID)
			var err error
			member, err = found(t.row(`SELECT c.kind FROM members m CROSS JOIN chats c ON c.id = m.chat WHERE m.chat = ? AND m.user = ?`,
				to, string(i.By)).Scan(&kind))
			if err != nil {
				return err
			}
		}
		if err := i.CheckNew(kind, member); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO invites (id, code, by, chat, uses, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			string(i.ID), codeHash[:], string(i.By), to, i.Uses, i.CreatedAt, i.ExpiresAt)
		return err
	})
	if err != nil {
		return chat.Invite{}, err
	}
	return i, nil
}

// Invites is [chat.Invites].Invites.
func (db *DB) Invites(ctx context.Context, by chat.UserID) ([]chat.Invite, error) {
	// The range on id makes SQLite use the clustered key for the order.
	which, args := `i.id > ''`, []any(nil)
	if by != "" {
		which, args = `i.by = ?`, []any{string(by)}
	}
	query := `SELECT ` + inviteColumns + ` FROM invites i WHERE ` + which + `
		AND NOT EXISTS (SELECT 1 FROM chats c WHERE c.id = i.chat AND c.deleted != 0) ORDER BY i.id DESC`
	rows, err := db.rows(ctx, query, args...)
	all, err := collect(rows, err, func() (chat.Invite, error) { return scanInvite(rows) })
	return all, storeError(err, "read invites")
}

// EndInvite ends one invite.
func (db *DB) EndInvite(ctx context.Context, by chat.UserID, id chat.InviteID) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM invites WHERE id = ?1 AND (?2 = '' OR by = ?2)`, string(id), string(by))
		if err == nil && n == 0 {
			return chat.NoInvite("inviteId")
		}
		return err
	})
}

// inviteOf reads a chat.InviteView.
const inviteOf = `SELECT ` + inviteColumns + `, u.active, EXISTS (SELECT 1 FROM members m WHERE m.chat = i.chat AND m.user = i.by)
	FROM invites i CROSS JOIN users u ON u.id = i.by WHERE i.code = ?`

// scanInviteView reads a row of inviteOf; the view is zero if there is none.
func scanInviteView(row scanner) (v chat.InviteView, err error) {
	v.Invite, err = scanInvite(row, &v.MakerActive, &v.MakerIn)
	_, err = found(err)
	return v, err
}

// PeekInvite returns the invite of a code and spends nothing.
func (db *DB) PeekInvite(ctx context.Context, codeHash [32]byte) (chat.Invite, error) {
	v, err := scanInviteView(db.row(ctx, inviteOf, codeHash[:]))
	if err != nil {
		return chat.Invite{}, storeError(err, "read an invite")
	}
	if err := v.CheckPeek(); err != nil {
		return chat.Invite{}, err
	}
	return v.Invite, nil
}

func spendInvite(t *tx, id chat.InviteID) error {
	_, err := t.exec(`UPDATE invites SET uses = uses - 1 WHERE id = ?`, string(id))
	return err
}

// AcceptInvite joins a user to the invite's chat.
func (db *DB) AcceptInvite(ctx context.Context, codeHash [32]byte, user chat.UserID, rule chat.Rule) (chat.ChatID, error) {
	var to chat.ChatID
	err := db.write(ctx, func(t *tx) error {
		err := t.row(`SELECT m.chat FROM invites i CROSS JOIN members m ON m.chat = i.chat WHERE i.code = ? AND m.user = ?`,
			codeHash[:], string(user)).Scan(&to)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		v, err := scanInviteView(t.row(inviteOf, codeHash[:]))
		if err != nil {
			return err
		}
		u, _, err := t.user(user)
		if err != nil {
			return err
		}
		if err := v.CheckAccept(u, t.now); err != nil {
			return err
		}
		joined := chat.JoinedBy(user, v.ChatID)
		s, err := t.state(v.ChatID)
		if err != nil {
			return err
		}
		if err := t.checkRule(rule, s, &joined); err != nil {
			return err
		}
		if err := spendInvite(t, v.ID); err != nil {
			return err
		}
		to = v.ChatID
		_, err = t.append(joined)
		return err
	})
	if err != nil {
		return "", err
	}
	return to, nil
}

// CreateRecovery saves the hash of a code, one for each user.
func (db *DB) CreateRecovery(ctx context.Context, r chat.Recovery, codeHash [32]byte) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		if _, ok, err := t.user(r.User); err != nil || !ok {
			return cmp.Or(err, chat.NoUser(r.User))
		}
		_, err := t.exec(`INSERT INTO recoveries (user, code, by, expires_at) VALUES (?1, ?2, ?3, ?4)
			ON CONFLICT (user) DO UPDATE SET code = ?2, by = ?3, expires_at = ?4`, string(r.User), codeHash[:], string(r.By), r.ExpiresAt)
		return err
	})
}

const recoveryOf = `SELECT ` + userColumns + `, r.by, r.expires_at FROM recoveries r CROSS JOIN users u ON u.id = r.user WHERE r.code = ?`

// scanRecovery reads a row of recoveryOf and judges it at now.
func scanRecovery(row scanner, now int64) (v chat.RecoveryView, err error) {
	v.User, err = scanUser(row, &v.By, &v.ExpiresAt)
	if _, err := found(err); err != nil {
		return chat.RecoveryView{}, err
	}
	return v, v.CheckUse(now)
}

// PeekRecovery returns the user of a code and spends nothing.
func (db *DB) PeekRecovery(ctx context.Context, codeHash [32]byte) (chat.UserID, error) {
	v, err := scanRecovery(db.row(ctx, recoveryOf, codeHash[:]), db.now())
	return v.User.ID, storeError(err, "read a recovery code")
}

// UseRecovery is [chat.Invites].UseRecovery.
func (db *DB) UseRecovery(ctx context.Context, codeHash [32]byte, passwordHash string, n chat.NewSession) (chat.User, chat.Session, error) {
	var u chat.User
	var s chat.Session
	err := db.writeWhenFull(ctx, func(t *tx) error {
		v, err := scanRecovery(t.row(recoveryOf, codeHash[:]), t.now)
		if err != nil {
			return err
		}
		u = v.User
		if err := endRecovery(t, u.ID); err != nil {
			return err
		}
		if err := setPassword(t, u.ID, passwordHash); err != nil {
			return err
		}
		if err := endSessions(t, u.ID, ""); err != nil {
			return err
		}
		if s, err = insertSession(t, u.ID, n); err != nil {
			return err
		}
		return insertRecoveryUse(t, u.ID, v.Use(s))
	})
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	return u, s, nil
}

// insertRecoveryUse also deletes the user's oldest uses.
func insertRecoveryUse(t *tx, user chat.UserID, use chat.RecoveryUse) error {
	if _, err := t.exec(`INSERT OR REPLACE INTO recovery_uses (user, at, by, client, address) VALUES (?, ?, ?, ?, ?)`,
		string(user), use.At, string(use.By), use.Client, use.Address); err != nil {
		return err
	}
	_, err := t.exec(`DELETE FROM recovery_uses WHERE user = ?1 AND at <= (SELECT at FROM recovery_uses WHERE user = ?1 ORDER BY at DESC LIMIT 1 OFFSET ?2)`,
		string(user), chat.MaxRecoveryUses)
	return err
}

// RecoveryUses is [chat.Invites].RecoveryUses.
func (db *DB) RecoveryUses(ctx context.Context, user chat.UserID) ([]chat.RecoveryUse, error) {
	rows, err := db.rows(ctx, `SELECT at, by, client, address FROM recovery_uses WHERE user = ? ORDER BY at DESC`, string(user))
	all, err := collect(rows, err, func() (u chat.RecoveryUse, err error) { return u, rows.Scan(&u.At, &u.By, &u.Client, &u.Address) })
	return all, storeError(err, "read recoveries")
}
