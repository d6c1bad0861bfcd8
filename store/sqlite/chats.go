package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"parley/chat"
)

const (
	readColumn = `ifnull(m.read_up_to, 0)`

	// readTo is chat.Chat.ReadTo of m.
	readTo = `ifnull(min(m.read_up_to, ifnull(m.unread_from - 1, m.read_up_to)), 0)`

	// roleColumn is the role of m and, if they changed any, the settings as membership.mine
	// reads them: one text, since each column of a row takes time.
	roleColumn = `CASE WHEN coalesce(m.level, m.muted_until, m.starred, m.hidden_at, m.unread_from) IS NULL THEN ifnull(m.role, '')
		ELSE concat_ws(' ', m.role, ifnull(m.level, 'default'), ifnull(m.muted_until, 0), ifnull(m.starred, 0), ifnull(m.hidden_at, -1), ifnull(m.unread_from, 0)) END`

	// postsRead is how many messages were posted up to where m has read to, and
	// deletedUnread how many after it were deleted (by the partial index: SQLite would choose
	// the range of all messages after it). Each is a single seek.
	postsRead     = `ifnull((SELECT x.n FROM messages x WHERE x.chat = m.chat AND x.seq <= ` + readTo + ` ORDER BY x.seq DESC LIMIT 1), 0)`
	deletedUnread = `(SELECT count(*) FROM messages d INDEXED BY messages_deleted WHERE d.chat = m.chat AND d.seq > ` + readTo + ` AND d.deleted_at IS NOT NULL)`

	// memberColumns are a membership: the role and settings, how far m has read, postsRead,
	// deletedUnread and the mentions after it. m may be missing (LEFT JOIN): then the role is empty.
	memberColumns = roleColumn + `, ` + readColumn + `,
		` + postsRead + `, ` + deletedUnread + `,
		(SELECT count(*) FROM mentions k WHERE k.user = m.user AND k.chat = m.chat AND k.seq > ` + readTo + `)`

	// fixedColumn joins the values of a chat that hold no space (a pair is last) into one text,
	// since each column of a row takes time.
	fixedColumn = `concat_ws(' ', c.kind, c.open, c.group_mentions, c.picture, ifnull(c.pair, ''))`

	chatColumns = `c.id, ` + fixedColumn + `, c.title, c.topic, c.head, c.members, c.activity, c.last_at, c.all_seq, c.n,
		ifnull((SELECT l.seq FROM messages l WHERE l.chat = c.id ORDER BY l.seq DESC LIMIT 1), 0), ` + memberColumns
)

// membership is a user's own side of a chat.
type membership struct {
	role     string // roleColumn; empty: not a member
	readUpTo chat.Seq
	read     chat.Seq // messages posted up to where they have read to
	deleted  int      // messages after it that were deleted
	mentions int
}

// into returns where memberColumns are scanned to.
func (m *membership) into() []any {
	return []any{&m.role, &m.readUpTo, &m.read, &m.deleted, &m.mentions}
}

// of returns the chat as the member sees it.
func (m *membership) of(s *chatSnapshot, user chat.UserID) chat.Chat {
	c := s.chat
	c.ReadUpTo, c.Unread, c.Mentions = m.readUpTo, int(s.n-m.read)-m.deleted, m.mentions
	c.Role, c.Mine = m.mine(s.n)
	if s.pair != "" {
		c.With = chat.OtherOf(s.pair, user)
	}
	return c
}

// chatScan scans rows of chatColumns, one after another.
type chatScan struct {
	viewer chat.UserID
	fixed  string       // fixedColumn
	chat   chatSnapshot // without last and generation
	last   chat.Seq
	member membership
	into   []any
}

func newChatScan(viewer chat.UserID) *chatScan {
	s := &chatScan{viewer: viewer}
	c := &s.chat.chat
	s.into = append([]any{(*string)(&c.ID), &s.fixed, &c.Title, &c.Topic, &c.Head, &c.MemberCount, &c.Activity, &c.LastAt,
		&s.chat.allSeq, &s.chat.n, &s.last}, s.member.into()...)
	return s
}

// row reads a chat as the viewer sees it; last is the number of its newest message, 0 for
// an empty chat or a viewer who is not a member.
func (s *chatScan) row(from scanner) (c chat.Chat, last chat.Seq, err error) {
	if err = from.Scan(s.into...); err != nil {
		return c, 0, err
	}
	s.splitFixed()
	if s.member.role == "" {
		return s.chat.chat, 0, nil
	}
	return s.member.of(&s.chat, s.viewer), s.last, nil
}

// splitFixed sets what fixedColumn holds.
func (s *chatScan) splitFixed() {
	c := &s.chat.chat
	kind, rest, _ := strings.Cut(s.fixed, " ")
	open, rest, _ := strings.Cut(rest, " ")
	mentions, rest, _ := strings.Cut(rest, " ")
	picture, pair, _ := strings.Cut(rest, " ")
	c.Kind, c.Open, c.Picture, s.chat.pair = chat.ChatKind(kind), open == "1", chat.FileID(picture), pair
	c.GroupMentions = chat.GroupMentions(mentions)
}

// CreateChat makes a chat, or returns the one that the same request made.
func (db *DB) CreateChat(ctx context.Context, n chat.NewChat) (chat.Chat, bool, error) {
	others, err := n.Others()
	if err != nil {
		return chat.Chat{}, false, err
	}
	n.Members = others
	var id chat.ChatID
	var again bool
	err = db.write(ctx, func(t *tx) error {
		id, again, err = madeBefore(t, n)
		if err != nil || again {
			return err
		}
		id = chat.NewID[chat.ChatID]()
		made := &state{id: id, kind: n.Kind, open: n.Open, title: n.Title, topic: n.Topic, groupMentions: chat.ByEveryone, roles: map[chat.UserID]chat.Role{}}
		draft := n.Draft(id)
		if err := t.checkRule(n.Rule, made, &draft); err != nil {
			return err
		}
		active, err := activeOf(t, n.All())
		if err != nil {
			return err
		}
		if err := n.CheckActive(active); err != nil {
			return err
		}
		return insertChat(t, id, n)
	})
	if err != nil {
		return chat.Chat{}, false, err
	}
	c, err := db.Chat(ctx, n.By, id)
	if again && chat.Is(err, chat.NotFound) {
		return n.Repeat(id), true, nil
	}
	return c, again, err
}

// madeBefore finds the chat of a known clientId or pair.
func madeBefore(t *tx, n chat.NewChat) (id chat.ChatID, ok bool, err error) {
	err = t.row(`SELECT id FROM chats WHERE by = ? AND client_id = ?`, string(n.By), n.ClientID).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) && n.Kind == chat.Direct {
		err = t.row(`SELECT id FROM chats WHERE pair = ?`, n.Pair()).Scan(&id)
	}
	ok, err = found(err)
	return id, ok, err
}

// activeOf returns those of the users who are active.
func activeOf(t *tx, ids []chat.UserID) (map[chat.UserID]bool, error) {
	rows, err := t.rows(`SELECT u.id FROM users u WHERE u.id IN (SELECT value FROM json_each(?)) AND u.active = 1`, jsonArg(ids))
	active := make(map[chat.UserID]bool, len(ids))
	_, err = collect(rows, err, func() (id chat.UserID, err error) {
		err = rows.Scan(&id)
		active[id] = true
		return id, err
	})
	return active, err
}

// insertChat makes the chat's row and its first events, which make the members.
func insertChat(t *tx, id chat.ChatID, n chat.NewChat) error {
	_, err := t.exec(`INSERT INTO chats (id, kind, open, title, topic, by, client_id, pair, head, n, members, activity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, ?)`,
		string(id), string(n.Kind), n.Open, n.Title, n.Topic, string(n.By), n.ClientID, nullString(n.Pair()), t.now)
	if err != nil {
		return err
	}
	for _, e := range n.Begin(id) {
		if _, err := t.append(e); err != nil {
			return err
		}
	}
	return nil
}

// Chat returns the chat as the viewer sees it.
func (db *DB) Chat(ctx context.Context, viewer chat.UserID, id chat.ChatID) (chat.Chat, error) {
	scan := newChatScan(viewer)
	c, last, err := scan.row(db.row(ctx, `SELECT `+chatColumns+` FROM chats c LEFT JOIN members m ON m.chat = c.id AND m.user = ?
		WHERE c.id = ?`, string(viewer), string(id)))
	if errors.Is(err, sql.ErrNoRows) || err == nil && c.Role == "" && !c.Open {
		return chat.Chat{}, chat.NoChat()
	}
	if err == nil {
		c.Last, err = db.newest(ctx, viewer, id, last)
	}
	if err == nil {
		err = db.addAll(ctx, viewer, &c, scan.chat.allSeq)
	}
	if err != nil {
		return chat.Chat{}, storeError(err, "read a chat")
	}
	return c, nil
}

// ChatIDs returns the ids alone of all chats of a user.
func (db *DB) ChatIDs(ctx context.Context, user chat.UserID) ([]chat.ChatID, error) {
	rows, err := db.rows(ctx, `SELECT chat FROM members WHERE user = ? ORDER BY chat`, string(user))
	ids, err := collect(rows, err, func() (id chat.ChatID, err error) { return id, rows.Scan(&id) })
	return ids, storeError(err, "read chats")
}

// CountChats counts the chats of a user.
func (db *DB) CountChats(ctx context.Context, user chat.UserID) (n int, err error) {
	err = db.row(ctx, `SELECT count(*) FROM members WHERE user = ?`, string(user)).Scan(&n)
	return n, storeError(err, "count chats")
}

// OpenChats returns open chats, newest made first.
func (db *DB) OpenChats(ctx context.Context, viewer chat.UserID, before chat.ChatID, limit int) ([]chat.Chat, error) {
	if before == "" {
		before = beyond
	}
	rows, err := db.rows(ctx, `SELECT `+chatColumns+` FROM chats c INDEXED BY chats_open LEFT JOIN members m ON m.chat = c.id AND m.user = ?
		WHERE c.open = 1 AND c.id < ? ORDER BY c.id DESC LIMIT ?`, string(viewer), string(before), limit)
	scan := newChatScan(viewer)
	var allSeqs []chat.Seq
	chats, err := collect(rows, err, func() (chat.Chat, error) {
		c, _, err := scan.row(rows)
		allSeqs = append(allSeqs, scan.chat.allSeq)
		return c, err
	})
	for i := range chats {
		if err == nil {
			err = db.addAll(ctx, viewer, &chats[i], allSeqs[i])
		}
	}
	return chats, storeError(err, "read open chats")
}
