package sqlite

import (
	"context"
	"database/sql"
	"encoding/base64"
	"strings"

	"parley/chat"
)

// beyond sorts above every text that begins as another one does.
const beyond = "\U0010FFFF"

// maxCursor bounds a cursor on its way in, in bytes: the longest word and an id
// in base64 are well below.
const maxCursor = 512

// FindUsers walks the range of words that begin with q. A user who has several
// of them is given at the first one alone.
func (db *DB) FindUsers(ctx context.Context, q, after string, limit int) ([]chat.User, string, error) {
	q = chat.SearchKey(q)
	word, user, err := parseCursor(q, after)
	if err != nil {
		return nil, "", err
	}
	var found []chat.User
	for {
		// limit+1 rows are enough for a page and the knowledge of a next one,
		// unless some users came twice: then the loop reads on.
		rows, err := db.rows(ctx, `SELECT w.word, `+userColumns+` FROM user_words w CROSS JOIN users u ON u.id = w.user
			WHERE (w.word, w.user) > (?, ?) AND w.word < ? ORDER BY w.word, w.user LIMIT ?`, word, string(user), q+beyond, limit+1)
		read := 0
		page, err := collect(rows, err, func() (hit, error) { read++; return scanHit(rows) })
		if err != nil {
			return nil, "", fault(err, "find users")
		}
		for _, h := range page {
			if !h.first(q) {
				word, user = h.word, h.user.ID
				continue
			}
			if len(found) == limit {
				return found, cursor(word, user), nil
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
	u := &h.user
	err = rows.Scan(&h.word, &u.ID, &u.Handle, &u.Name, &u.Status, &u.Role, &u.Active)
	return h, err
}

// first reports whether no smaller word of the user begins with q.
func (h hit) first(q string) bool {
	for _, w := range chat.SearchWords(h.user) {
		if w < h.word && strings.HasPrefix(w, q) {
			return false
		}
	}
	return true
}

func cursor(word string, user chat.UserID) string {
	return base64.RawURLEncoding.EncodeToString([]byte(word + "\x00" + string(user)))
}

// parseCursor gives where the next page begins; "" is before all words.
func parseCursor(q, after string) (string, chat.UserID, error) {
	if after == "" {
		return q, "", nil
	}
	bad := chat.FailField(chat.BadInput, "after", "after must be the next of an earlier page of the same search")
	if len(after) > maxCursor {
		return "", "", bad
	}
	raw, err := base64.RawURLEncoding.DecodeString(after)
	if err != nil {
		return "", "", bad
	}
	word, id, ok := strings.Cut(string(raw), "\x00")
	if !ok || !strings.HasPrefix(word, q) || chat.CheckID("after", chat.UserID(id)) != nil {
		return "", "", bad
	}
	return word, chat.UserID(id), nil
}
