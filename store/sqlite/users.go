package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"

	"parley/chat"
)

const userColumns = `u.id, u.handle, u.name, u.status, u.role, u.active, u.picture`

// scanUser reads userColumns, and after them what more asks for.
func scanUser(row scanner, more ...any) (u chat.User, err error) {
	err = row.Scan(append(intoUser(&u), more...)...)
	return u, err
}

// intoUser returns where userColumns are scanned to.
func intoUser(u *chat.User) []any {
	return []any{&u.ID, &u.Handle, &u.Name, &u.Status, &u.Role, &u.Active, &u.Picture}
}

// CreateAccount is one job of the writer.
func (db *DB) CreateAccount(ctx context.Context, n chat.NewAccount) (chat.User, chat.Session, error) {
	u := n.User()
	var s chat.Session
	err := db.write(ctx, func(t *tx) error {
		v, err := t.accountView(n)
		if err != nil {
			return err
		}
		if err := n.CheckNew(v); err != nil {
			return err
		}
		if n.Setup != "" {
			if err := spendSetup(t, n.ServerName); err != nil {
				return err
			}
		}
		if n.HasInvite {
			if err := spendInvite(t, v.Invite.ID); err != nil {
				return err
			}
		}
		if err := insertUser(t, u, n.PasswordHash); err != nil {
			return err
		}
		if s, err = insertSession(t, u.ID, n.Session); err != nil {
			return err
		}
		if n.Setup != "" {
			return insertChat(t, chat.NewID[chat.ChatID](), chat.FirstChat(u.ID))
		}
		if v.Invite.ChatID != "" {
			_, err = t.append(chat.JoinedBy(u.ID, v.Invite.ChatID))
		}
		return err
	})
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	return u, s, nil
}

// accountView reads what a request for an account is judged by.
func (t *tx) accountView(n chat.NewAccount) (v chat.AccountView, err error) {
	v.Now = t.now
	if n.Setup != "" {
		if _, err := found(t.row(`SELECT value FROM meta WHERE key = 'setup'`).Scan(&v.Setup)); err != nil {
			return v, err
		}
	}
	if n.HasInvite {
		if v.Invite, err = scanInviteView(t.row(inviteOf, n.Invite[:])); err != nil {
			return v, err
		}
	}
	var one int
	v.HandleTaken, err = found(t.row(`SELECT 1 FROM users WHERE handle = ?`, n.Handle).Scan(&one))
	return v, err
}

// spendSetup deletes the setup code and names the server.
func spendSetup(t *tx, server string) error {
	if _, err := t.exec(`UPDATE meta SET value = '' WHERE key = 'setup'`); err != nil {
		return err
	}
	return nameServer(t, server)
}

func insertUser(t *tx, u chat.User, password string) error {
	_, err := t.exec(`INSERT INTO users (id, handle, name, status, role, active, password, created_at) VALUES (?, ?, ?, '', ?, 1, ?, ?)`,
		string(u.ID), u.Handle, u.Name, string(u.Role), password, t.now)
	if err != nil {
		return err
	}
	return insertWords(t, u)
}

// Credentials is [chat.People].Credentials.
func (db *DB) Credentials(ctx context.Context, handle string) (chat.User, string, error) {
	var password string
	u, err := scanUser(db.row(ctx, `SELECT `+userColumns+`, u.password FROM users u WHERE u.handle = ?`, handle), &password)
	if errors.Is(err, sql.ErrNoRows) {
		return chat.User{}, "", chat.NoHandle(handle)
	}
	return u, password, storeError(err, "read credentials")
}

// Users returns those of the ids that exist.
func (db *DB) Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error) {
	return db.users(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id IN (SELECT value FROM json_each(?))`, jsonArg(ids))
}

// UsersByHandle returns those of the handles that exist.
func (db *DB) UsersByHandle(ctx context.Context, handles []string) ([]chat.User, error) {
	return db.users(ctx, usersByHandle, jsonArg(handles))
}

const usersByHandle = `SELECT ` + userColumns + ` FROM users u WHERE u.handle IN (SELECT value FROM json_each(?))`

func (db *DB) users(ctx context.Context, query, keys string) ([]chat.User, error) {
	rows, err := db.rows(ctx, query, keys)
	users, err := collect(rows, err, func() (chat.User, error) { return scanUser(rows) })
	return users, storeError(err, "read users")
}

// PatchUser changes a user, and ends sessions in the same commit.
func (db *DB) PatchUser(ctx context.Context, id chat.UserID, p chat.UserPatch) (chat.User, error) {
	var u chat.User
	write := db.write
	if p.Removes() {
		write = db.writeWhenFull
	}
	err := write(ctx, func(t *tx) error {
		old, ok, err := t.user(id)
		if err != nil {
			return err
		}
		if !ok {
			return chat.NoUser(id)
		}
		u = p.Of(old)
		if err := chat.CheckAdmins(old, u, func() (bool, error) { return otherAdmins(t, id) }); err != nil {
			return err
		}
		if u != old {
			if _, err := t.exec(`UPDATE users SET name = ?, status = ?, role = ?, active = ?, picture = ? WHERE id = ?`,
				u.Name, u.Status, string(u.Role), u.Active, string(u.Picture), string(id)); err != nil {
				return err
			}
		}
		if u.Picture != old.Picture {
			if err := t.changePicture(old.Picture, u.Picture, id); err != nil {
				return err
			}
		}
		if u.Active != old.Active {
			if err := t.succeedAll(id, p.Actor(id)); err != nil {
				return err
			}
		}
		if u.Name != old.Name {
			if err := replaceWords(t, u); err != nil {
				return err
			}
		}
		if ends, keep := p.Ends(u); ends {
			if err := endSessions(t, id, keep); err != nil {
				return err
			}
		}
		if p.EndsRecovery(u) {
			if err := endRecovery(t, id); err != nil {
				return err
			}
		}
		if p.PasswordHash != nil {
			return setPassword(t, id, *p.PasswordHash)
		}
		return nil
	})
	if err != nil {
		return chat.User{}, err
	}
	return u, nil
}

// user returns a user, the zero User if there is none.
func (t *tx) user(id chat.UserID) (u chat.User, ok bool, err error) {
	u, err = scanUser(t.row(`SELECT `+userColumns+` FROM users u WHERE u.id = ?`, string(id)))
	ok, err = found(err)
	return u, ok, err
}

// found reports whether a query for one row found it; an error of any other kind is
// returned.
func found(err error) (ok bool, other error) {
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// otherAdmins reports whether a user besides id is an active admin of the server. Two
// rows are enough to find one; the range on id selects the index of admins.
func otherAdmins(t *tx, id chat.UserID) (bool, error) {
	rows, err := t.rows(`SELECT id FROM users INDEXED BY users_admins WHERE role = 'admin' AND active = 1 AND id > '' LIMIT 2`)
	admins, err := collect(rows, err, func() (a chat.UserID, err error) { return a, rows.Scan(&a) })
	return slices.ContainsFunc(admins, func(a chat.UserID) bool { return a != id }), err
}

// RenewHash is [chat.People].RenewHash.
func (db *DB) RenewHash(ctx context.Context, id chat.UserID, old, renewed string) error {
	return db.write(ctx, func(t *tx) error {
		_, err := t.exec(`UPDATE users SET password = ? WHERE id = ? AND password = ?`, renewed, string(id), old)
		return err
	})
}

// endRecovery deletes the user's recovery code.
func endRecovery(t *tx, id chat.UserID) error {
	_, err := t.exec(`DELETE FROM recoveries WHERE user = ?`, string(id))
	return err
}

func setPassword(t *tx, id chat.UserID, hash string) error {
	_, err := t.exec(`UPDATE users SET password = ? WHERE id = ?`, hash, string(id))
	return err
}

// jsonArg returns one argument for many values: json_each reads it, so that the
// statement's text, and with it its plan, is the same for any number.
func jsonArg[T any](values []T) string {
	if values == nil {
		values = []T{}
	}
	b, _ := json.Marshal(values) // strings and numbers cannot fail
	return string(b)
}

// collect reads all rows and closes them. It takes the error of the query, so that a
// caller checks one error.
func collect[T any](rows *sql.Rows, err error, scan func() (T, error)) ([]T, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []T
	for rows.Next() {
		v, err := scan()
		if err != nil {
			return nil, err
		}
		all = append(all, v)
	}
	return all, rows.Err()
}
