package sqlite

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"encoding/json"
	"errors"

	"parley/chat"
)

const userColumns = `u.id, u.handle, u.name, u.status, u.role, u.active`

// scanUser reads userColumns, and after them what more asks for.
func scanUser(row scanner, more ...any) (u chat.User, err error) {
	err = row.Scan(append([]any{&u.ID, &u.Handle, &u.Name, &u.Status, &u.Role, &u.Active}, more...)...)
	return u, err
}

// CreateAccount is one job of the writer: what opens the door is judged before
// the handle and spent with it.
func (db *DB) CreateAccount(ctx context.Context, n chat.NewAccount) (chat.User, chat.Session, error) {
	u := chat.User{ID: chat.NewID[chat.UserID](), Handle: n.Handle, Name: n.Name, Role: chat.RoleMember, Active: true}
	if n.Setup != "" {
		u.Role = chat.RoleAdmin
	}
	var s chat.Session
	err := db.write(ctx, func(t *tx) error {
		var joins chat.ChatID
		if n.Setup != "" {
			if err := spendSetup(t, n.Setup, n.ServerName); err != nil {
				return err
			}
		}
		if n.HasInvite {
			i, err := openInvite(t, n.Invite)
			if err != nil {
				return err
			}
			if err := spendInvite(t, i.ID); err != nil {
				return err
			}
			joins = i.ChatID
		}
		if err := insertUser(t, u, n.PasswordHash); err != nil {
			return err
		}
		var err error
		if s, err = insertSession(t, u.ID, n.Session); err != nil {
			return err
		}
		if n.Setup != "" {
			// The empty clientId can never be a client's.
			first := chat.NewChat{Kind: chat.Group, Open: true, Title: chat.FirstChatTitle, By: u.ID}
			return insertChat(t, chat.NewID[chat.ChatID](), first, "")
		}
		if joins != "" {
			_, err = t.append(chat.Event{Kind: chat.Joined, ChatID: joins, By: u.ID, Users: []chat.UserID{u.ID}, Role: chat.RoleMember})
		}
		return err
	})
	if err != nil {
		return chat.User{}, chat.Session{}, err
	}
	return u, s, nil
}

// spendSetup lets the first owner in, once, and names the server.
func spendSetup(t *tx, code, server string) error {
	var want string
	err := t.row(`SELECT value FROM meta WHERE key = 'setup'`).Scan(&want)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return err
	}
	if want == "" || subtle.ConstantTimeCompare([]byte(want), []byte(code)) != 1 {
		return chat.FailField(chat.Forbidden, "setup", "the setup code is wrong or was used")
	}
	if _, err := t.exec(`UPDATE meta SET value = '' WHERE key = 'setup'`); err != nil {
		return err
	}
	return nameServer(t, server)
}

func insertUser(t *tx, u chat.User, password string) error {
	var taken int
	switch err := t.row(`SELECT 1 FROM users WHERE handle = ?`, u.Handle).Scan(&taken); {
	case err == nil:
		return chat.FailField(chat.HandleTaken, "handle", "somebody else has the handle %s", u.Handle)
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	_, err := t.exec(`INSERT INTO users (id, handle, name, status, role, active, password, created_at) VALUES (?, ?, ?, '', ?, 1, ?, ?)`,
		string(u.ID), u.Handle, u.Name, string(u.Role), password, t.now)
	if err != nil {
		return err
	}
	return insertWords(t, u)
}

func insertWords(t *tx, u chat.User) error {
	for _, w := range chat.SearchWords(u) {
		if _, err := t.exec(`INSERT INTO user_words (word, user) VALUES (?, ?)`, w, string(u.ID)); err != nil {
			return err
		}
	}
	return nil
}

// Credentials gives what is needed to judge a password.
func (db *DB) Credentials(ctx context.Context, handle string) (chat.User, string, error) {
	var password string
	u, err := scanUser(db.row(ctx, `SELECT `+userColumns+`, u.password FROM users u WHERE u.handle = ?`, handle), &password)
	if errors.Is(err, sql.ErrNoRows) {
		return chat.User{}, "", chat.FailField(chat.NotFound, "handle", "nobody has the handle %s", handle)
	}
	return u, password, fault(err, "read credentials")
}

// Users gives those of the ids that exist.
func (db *DB) Users(ctx context.Context, ids []chat.UserID) ([]chat.User, error) {
	return db.users(ctx, `SELECT `+userColumns+` FROM users u WHERE u.id IN (SELECT value FROM json_each(?))`, anyOf(ids))
}

// UsersByHandle gives those of the handles that exist.
func (db *DB) UsersByHandle(ctx context.Context, handles []string) ([]chat.User, error) {
	return db.users(ctx, `SELECT `+userColumns+` FROM users u WHERE u.handle IN (SELECT value FROM json_each(?))`, anyOf(handles))
}

func (db *DB) users(ctx context.Context, query, keys string) ([]chat.User, error) {
	rows, err := db.rows(ctx, query, keys)
	users, err := collect(rows, err, func() (chat.User, error) { return scanUser(rows) })
	return users, fault(err, "read users")
}

// PatchUser changes a user; the sessions that this ends go in the same commit.
func (db *DB) PatchUser(ctx context.Context, id chat.UserID, p chat.UserPatch) (chat.User, error) {
	var u chat.User
	write := db.write
	if p.PasswordHash != nil || p.Active != nil && !*p.Active || p.Role != nil && *p.Role == chat.RoleMember {
		write = db.writeWhenFull // it takes rights away
	}
	err := write(ctx, func(t *tx) error {
		old, err := userIn(t, id)
		if err != nil {
			return err
		}
		u = p.Of(old)
		if old.Owner() && !u.Owner() {
			if err := otherOwner(t, id); err != nil {
				return err
			}
		}
		if u != old {
			if _, err := t.exec(`UPDATE users SET name = ?, status = ?, role = ?, active = ? WHERE id = ?`,
				u.Name, u.Status, string(u.Role), u.Active, string(id)); err != nil {
				return err
			}
		}
		if u.Name != old.Name {
			for _, w := range chat.SearchWords(old) {
				if _, err := t.exec(`DELETE FROM user_words WHERE word = ? AND user = ?`, w, string(id)); err != nil {
					return err
				}
			}
			if err := insertWords(t, u); err != nil {
				return err
			}
		}
		switch {
		case !u.Active:
			if err := endSessions(t, id, ""); err != nil {
				return err
			}
		case p.PasswordHash != nil:
			if err := endSessions(t, id, p.Keep); err != nil {
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

func userIn(t *tx, id chat.UserID) (chat.User, error) {
	u, err := scanUser(t.row(`SELECT `+userColumns+` FROM users u WHERE u.id = ?`, string(id)))
	if errors.Is(err, sql.ErrNoRows) {
		return u, chat.FailField(chat.NotFound, "userId", "there is no user %s", id)
	}
	return u, err
}

// otherOwner refuses to let the last active admin go. Two rows suffice to see
// one who is somebody else; the range on id keeps to the index of admins.
func otherOwner(t *tx, id chat.UserID) error {
	rows, err := t.rows(`SELECT id FROM users INDEXED BY users_admins WHERE role = 'admin' AND active = 1 AND id > '' LIMIT 2`)
	admins, err := collect(rows, err, func() (a chat.UserID, err error) { return a, rows.Scan(&a) })
	if err != nil {
		return err
	}
	for _, a := range admins {
		if a != id {
			return nil
		}
	}
	return chat.Fail(chat.LastOwner, "make somebody else an admin of the server first")
}

// setPassword also spends a recovery code that is still out, so that an old
// link cannot undo a new password.
func setPassword(t *tx, id chat.UserID, hash string) error {
	if _, err := t.exec(`DELETE FROM recoveries WHERE user = ?`, string(id)); err != nil {
		return err
	}
	_, err := t.exec(`UPDATE users SET password = ? WHERE id = ?`, hash, string(id))
	return err
}

// anyOf makes the one argument that stands for many: json_each reads it, so the
// statement's text, and with it its plan, is the same for any number.
func anyOf[T ~string](values []T) string {
	if values == nil {
		values = []T{}
	}
	b, _ := json.Marshal(values) // strings cannot fail
	return string(b)
}

// collect reads all rows and closes them. It takes the error of the query, so
// that a caller has one error to look at.
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
