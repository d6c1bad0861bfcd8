package sqlite

import (
	"context"
	"database/sql"

	"parley/chat"
)

// beyond sorts above every text that begins as another one does.
const beyond = "\U0010FFFF"

// FindUsers reads the range of words that begin with q. A user who has several of them is
// returned at the first one.
func (db *DB) FindUsers(ctx context.Context, q, after string, limit int) ([]chat.User, string, error) {
	q = chat.SearchKey(q)
	word, user, err := chat.ParseSearchNext(q, after)
	if err != nil {
		return nil, "", err
	}
	var found []chat.User
	for {
		// limit+1 rows are enough for a page and to find whether there is a next one,
		// unless some users came twice: then the loop reads on.
		rows, err := db.rows(ctx, `SELECT w.word, `+userColumns+` FROM user_words w CROSS JOIN users u ON u.id = w.user
			WHERE (w.word, w.user) > (?, ?) AND w.word < ? ORDER BY w.word, w.user LIMIT ?`, word, string(user), q+beyond, limit+1)
		read := 0
		page, err := collect(rows, err, func() (hit, error) { read++; return scanHit(rows) })
		if err != nil {
			return nil, "", storeError(err, "find users")
		}
		for _, h := range page {
			if !chat.FirstWord(h.user, q, h.word) {
				word, user = h.word, h.user.ID
				continue
			}
			if len(found) == limit {
				return found, chat.SearchNext(word, user), nil
			}
			found = append(found, h.user)
			word, user = h.word, h.user.ID
		}
		if read <= limit {
			return found, "", nil
		}
	}
}

// hit is a user and the word that found them.
type hit struct {
	word string
	user chat.User
}

func scanHit(rows *sql.Rows) (h hit, err error) {
	err = rows.Scan(append([]any{&h.word}, intoUser(&h.user)...)...)
	return h, err
}

const insertWord = `INSERT INTO user_words (word, user) VALUES (?, ?)`

// replaceWords deletes all words of the user, also those that another version of
// chat.SearchWords made.
func replaceWords(t *tx, u chat.User) error {
	if _, err := t.exec(`DELETE FROM user_words WHERE user = ?`, string(u.ID)); err != nil {
		return err
	}
	return insertWords(t, u)
}

func insertWords(t *tx, u chat.User) error {
	for _, w := range chat.SearchWords(u) {
		if _, err := t.exec(insertWord, w, string(u.ID)); err != nil {
			return err
		}
	}
	return nil
}

// renewWords makes the words of all users again. It runs before later migrations: it reads
// no column that one of them adds.
func renewWords(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "DELETE FROM user_words"); err != nil {
		return err
	}
	rows, err := conn.QueryContext(ctx, "SELECT id, handle, name FROM users")
	users, err := collect(rows, err, func() (u chat.User, err error) { return u, rows.Scan((*string)(&u.ID), &u.Handle, &u.Name) })
	if err != nil {
		return err
	}
	insert, err := conn.PrepareContext(ctx, insertWord)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, u := range users {
		for _, w := range chat.SearchWords(u) {
			if _, err := insert.ExecContext(ctx, w, string(u.ID)); err != nil {
				return err
			}
		}
	}
	return nil
}
