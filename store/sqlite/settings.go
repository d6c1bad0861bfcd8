package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strconv"
	"strings"

	"parley/chat"
)

// mine returns the role and the settings of the member in a chat with n posts.
func (m *membership) mine(n chat.Seq) (chat.Role, *chat.Mine) {
	role, settings, changed := strings.Cut(m.role, " ")
	if !changed {
		return chat.Role(role), chat.Mine{}.OrDefaults()
	}
	fields := strings.Fields(settings) // five, of which all but the level are numbers
	number := func(i int) int64 {
		v, _ := strconv.ParseInt(fields[i], 10, 64)
		return v
	}
	return chat.Role(role), chat.Mine{Level: chat.Level(fields[0]), MutedUntil: number(1), Starred: number(2) != 0, Hidden: number(3) == int64(n),
		UnreadFrom: chat.Seq(number(4))}.OrDefaults()
}

// PatchMine is [chat.Chats].PatchMine.
func (db *DB) PatchMine(ctx context.Context, id chat.ChatID, user chat.UserID, p chat.MinePatch) (mine chat.Mine, err error) {
	err = db.write(ctx, func(t *tx) error {
		s, err := t.state(id)
		if err != nil {
			return err
		}
		if _, in := (view{t, s}).Member(user); !in || t.broken != nil {
			return errors.Join(t.broken, chat.NoChat())
		}
		if err := p.CheckUnreadFrom(s.head); err != nil {
			return err
		}
		var columns []string
		var args []any
		set := func(column string, value any) {
			columns, args = append(columns, column+" = ?"), append(args, value)
		}
		if p.Level != nil {
			set("level", string(*p.Level))
		}
		if p.MutedUntil != nil {
			set("muted_until", *p.MutedUntil)
		}
		if p.Starred != nil {
			set("starred", *p.Starred)
		}
		if p.Hidden != nil {
			var at any
			if *p.Hidden {
				at = int64(s.n)
			}
			set("hidden_at", at)
		}
		if p.UnreadFrom != nil {
			set("unread_from", nullInt(int64(*p.UnreadFrom)))
			set("unread_at", int64(s.head))
		}
		if columns != nil {
			if _, err := t.exec(`UPDATE members SET `+strings.Join(columns, ", ")+` WHERE chat = ? AND user = ?`, append(args, string(id), string(user))...); err != nil {
				return err
			}
		}
		var m membership
		if err := t.row(`SELECT `+roleColumn+` FROM members m WHERE m.chat = ? AND m.user = ?`, string(id), string(user)).Scan(&m.role); err != nil {
			return err
		}
		_, now := m.mine(s.n)
		mine = *now
		return nil
	})
	return mine, err
}

// Settings is [chat.People].Settings.
func (db *DB) Settings(ctx context.Context, id chat.UserID) (chat.Settings, error) {
	return scanSettings(db.row(ctx, settingsOf, string(id)), id)
}

const settingsOf = `SELECT settings FROM users WHERE id = ?`

func scanSettings(row scanner, id chat.UserID) (chat.Settings, error) {
	s := chat.DefaultSettings()
	var column []byte
	err := row.Scan(&column)
	if errors.Is(err, sql.ErrNoRows) {
		return s, chat.NoUser(id)
	}
	if err == nil && column != nil {
		err = json.Unmarshal(column, &s)
	}
	return s, storeError(err, "read settings")
}

// PatchSettings is [chat.People].PatchSettings.
func (db *DB) PatchSettings(ctx context.Context, id chat.UserID, p chat.SettingsPatch) (s chat.Settings, err error) {
	err = db.write(ctx, func(t *tx) error {
		old, err := scanSettings(t.row(settingsOf, string(id)), id)
		if err != nil {
			return err
		}
		if s, err = p.Of(old); err != nil || s == old {
			return err
		}
		b, err := json.Marshal(s)
		if err == nil {
			_, err = t.exec(`UPDATE users SET settings = ? WHERE id = ?`, string(b), string(id))
		}
		return err
	})
	return s, err
}
