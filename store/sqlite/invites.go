package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"parley/chat"
)

const inviteColumns = `i.id, i.by, ifnull(i.chat, ''), i.uses, i.created_at, i.expires_at`

func scanInvite(row scanner) (i chat.Invite, err error) {
	err = row.Scan(&i.ID, &i.By, &i.ChatID, &i.Uses, &i.CreatedAt, &i.ExpiresAt)
	return i, err
}

// CreateInvite keeps an invite under the hash of its code.
func (db *DB) CreateInvite(ctx context.Context, i chat.Invite, codeHash [32]byte) (chat.Invite, error) {
	i.ID = chat.NewID[chat.InviteID]()
	err := db.write(ctx, func(t *tx) error {
		i.CreatedAt = t.now
		var to any
		if i.ChatID != "" {
			to = string(i.ChatID)
			var kind chat.ChatKind
			err := t.row(`SELECT c.kind FROM members m CROSS JOIN chats c ON c.id = m.chat WHERE m.chat = ? AND m.user = ?`,
				to, string(i.By)).Scan(&kind)
			if errors.Is(err, sql.ErrNoRows) || err == nil && kind != chat.Group {
				return chat.NoChat()
			}
			if err != nil {
				return err
			}
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

// Invites gives the invites by a user, or all, newest first.
func (db *DB) Invites(ctx context.Context, by chat.UserID) ([]chat.Invite, error) {
	// The range on id says that the clustered key is the order.
	query, args := `SELECT `+inviteColumns+` FROM invites i WHERE i.id > '' ORDER BY i.id DESC`, []any(nil)
	if by != "" {
		query, args = `SELECT `+inviteColumns+` FROM invites i WHERE i.by = ? ORDER BY i.id DESC`, []any{string(by)}
	}
	rows, err := db.rows(ctx, query, args...)
	all, err := collect(rows, err, func() (chat.Invite, error) { return scanInvite(rows) })
	return all, fault(err, "read invites")
}

// EndInvite ends one invite.
func (db *DB) EndInvite(ctx context.Context, by chat.UserID, id chat.InviteID) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM invites WHERE id = ?1 AND (?2 = '' OR by = ?2)`, string(id), string(by))
		if err == nil && n == 0 {
			return chat.FailField(chat.NotFound, "inviteId", "there is no such invite")
		}
		return err
	})
}

// inviteOf reads an invite whose maker still stands behind it: they are active,
// and a member of the chat it leads to. Otherwise somebody who was put out
// could come back by a code of their own.
const inviteOf = `SELECT ` + inviteColumns + ` FROM invites i CROSS JOIN users u ON u.id = i.by
	WHERE i.code = ? AND u.active = 1 AND (i.chat IS NULL OR EXISTS (SELECT 1 FROM members m WHERE m.chat = i.chat AND m.user = i.by))`

// PeekInvite gives the invite of a code and spends nothing.
func (db *DB) PeekInvite(ctx context.Context, codeHash [32]byte) (chat.Invite, error) {
	i, err := scanInvite(db.row(ctx, inviteOf, codeHash[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return chat.Invite{}, chat.FailField(chat.NotFound, "code", "there is no such invite")
	}
	return i, fault(err, "read an invite")
}

// openInvite gives the invite of a code if it can be used now.
func openInvite(t *tx, codeHash [32]byte) (chat.Invite, error) {
	i, err := scanInvite(t.row(inviteOf, codeHash[:]))
	if errors.Is(err, sql.ErrNoRows) || err == nil && !i.Open(t.now) {
		return chat.Invite{}, chat.Fail(chat.InviteSpent, "the invite is used up, expired or withdrawn")
	}
	return i, err
}

func spendInvite(t *tx, id chat.InviteID) error {
	_, err := t.exec(`UPDATE invites SET uses = uses - 1 WHERE id = ?`, string(id))
	return err
}

// AcceptInvite joins somebody who has an account. Who is in already is let in
// again also when the invite is spent since: the retry of a lost answer.
func (db *DB) AcceptInvite(ctx context.Context, codeHash [32]byte, user chat.UserID, rule chat.Rule) (chat.ChatID, error) {
	var to chat.ChatID
	err := db.write(ctx, func(t *tx) error {
		err := t.row(`SELECT m.chat FROM invites i CROSS JOIN members m ON m.chat = i.chat WHERE i.code = ? AND m.user = ?`,
			codeHash[:], string(user)).Scan(&to)
		if err == nil || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		i, err := openInvite(t, codeHash)
		if err != nil {
			return err
		}
		if i.ChatID == "" {
			return chat.FailField(chat.BadInput, "code", "the invite leads to no chat, it is for making an account")
		}
		u, err := userIn(t, user)
		if chat.Is(err, chat.NotFound) || err == nil && !u.Active {
			return chat.SessionEnded()
		}
		if err != nil {
			return err
		}
		joined := chat.Event{Kind: chat.Joined, ChatID: i.ChatID, By: user, Users: []chat.UserID{user}, Role: chat.RoleMember}
		s, err := t.state(i.ChatID)
		if err != nil {
			return err
		}
		if err := t.ask(rule, s, &joined); err != nil {
			return err
		}
		if err := spendInvite(t, i.ID); err != nil {
			return err
		}
		to = i.ChatID
		_, err = t.append(joined)
		return err
	})
	if err != nil {
		return "", err
	}
	return to, nil
}

// CreateRecovery keeps the hash of a code, one a user.
func (db *DB) CreateRecovery(ctx context.Context, user chat.UserID, codeHash [32]byte, expiresAt int64) error {
	return db.writeWhenFull(ctx, func(t *tx) error {
		if _, err := userIn(t, user); err != nil {
			return err
		}
		_, err := t.exec(`INSERT INTO recoveries (user, code, expires_at) VALUES (?1, ?2, ?3)
			ON CONFLICT (user) DO UPDATE SET code = ?2, expires_at = ?3`, string(user), codeHash[:], expiresAt)
		return err
	})
}

const recoveryOf = `SELECT ` + userColumns + `, r.expires_at FROM recoveries r CROSS JOIN users u ON u.id = r.user WHERE r.code = ?`

// scanRecovery returns the user of recoveryOf, if the code can be used at now.
func scanRecovery(row scanner, now int64) (chat.User, error) {
	var expires int64
	u, err := scanUser(row, &expires)
	if errors.Is(err, sql.ErrNoRows) || err == nil && (expires <= now || !u.Active) {
		return chat.User{}, chat.Fail(chat.InviteSpent, "the recovery link was used or has expired")
	}
	return u, err
}

// PeekRecovery returns the user of a code and spends nothing.
func (db *DB) PeekRecovery(ctx context.Context, codeHash [32]byte) (chat.UserID, error) {
	u, err := scanRecovery(db.row(ctx, recoveryOf, codeHash[:]), chat.Now())
	return u.ID, fault(err, "read a recovery code")
}

// UseRecovery spends the code: setPassword deletes it.
func (db *DB) UseRecovery(ctx context.Context, codeHash [32]byte, passwordHash string, n chat.NewSession) (chat.User, chat.Session, error) {
	var u chat.User
	var s chat.Session
	err := db.writeWhenFull(ctx, func(t *tx) error {
		var err error
		if u, err = scanRecovery(t.row(recoveryOf, codeHash[:]), t.now); err != nil {
			return err
		}
		if err := setPassword(t, u.ID, passwordHash); err != nil {
			return err
		}
		if err := endSessions(t, u.ID, ""); err != nil {
			return err
		}
		s, err = insertSession(t, u.ID, n)
		return err
	})
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	return u, s, nil
}
