package sqlite

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"parley/chat"
)

// chatSnapshot is a chat as all its members see it, with its newest message.
type chatSnapshot struct {
	chat       chat.Chat // without the fields below LastAt
	pair       string
	n          chat.Seq // messages posted
	allSeq     chat.Seq // no message after it mentions all members
	last       string   // the newest message, packed; "": none
	generation uint64   // when it was read (readCache.generation)
}

// snapshot returns the cached snapshot of a chat, if it was read in that generation or
// before.
func (h *readCache) snapshot(id chat.ChatID, generation uint64) *chatSnapshot {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if a := h.of[id]; a != nil && a.snapshot != nil && a.snapshot.generation <= generation {
		return a.snapshot
	}
	return nil
}

// memberIn is a membership and its chat.
type memberIn struct {
	chat chat.ChatID
	membership
}

// memberships returns the memberships of a user: all, or those of a page.
func (db *DB) memberships(ctx context.Context, user chat.UserID, l chat.ChatList) ([]memberIn, error) {
	const all = `SELECT m.chat, ` + memberColumns + ` FROM members m WHERE m.user = ?`
	query, args := all, []any{string(user)}
	if !l.All() {
		ids, err := db.choose(ctx, user, l)
		if err != nil || len(ids) == 0 {
			return nil, err
		}
		query, args = all+` AND m.chat IN (SELECT value FROM json_each(?))`, append(args, jsonArg(ids))
	}
	rows, err := db.rows(ctx, query, args...)
	var m memberIn
	into := append([]any{(*string)(&m.chat)}, m.into()...)
	found, err := collect(rows, err, func() (memberIn, error) { err := rows.Scan(into...); return m, err })
	return found, storeError(err, "read chats")
}

// choose returns the chats of a page. It reads the activity of all chats as one text,
// since most of the time goes into each row's way through the driver.
func (db *DB) choose(ctx context.Context, user chat.UserID, l chat.ChatList) ([]chat.ChatID, error) {
	var all string
	err := db.row(ctx, `SELECT ifnull(group_concat(c.activity || ' ' || m.chat), '') FROM members m CROSS JOIN chats c ON c.id = m.chat
		WHERE m.user = ?`, string(user)).Scan(&all)
	if err != nil {
		return nil, storeError(err, "read chats")
	}
	var places []chat.ChatPlace
	for one := range strings.SplitSeq(all, ",") {
		at, id, _ := strings.Cut(one, " ")
		p := chat.ChatPlace{ID: chat.ChatID(id)}
		p.Activity, _ = strconv.ParseInt(at, 10, 64) // the column is a number
		if id != "" {
			places = append(places, p)
		}
	}
	return l.Choose(places), nil
}

// ChatsOf returns chats of a user. Unless it is told which ones, it reads the memberships, and takes the chats from
// the cache if they are there (readcache.go), since after a restart a hundred members of
// each read them within seconds. A write evicts the entry, so an entry of a generation
// before the memberships were read, which is still cached after it, was current then.
func (db *DB) ChatsOf(ctx context.Context, user chat.UserID, l chat.ChatList) ([]chat.Chat, error) {
	generation := db.readCache.current()
	unknown := l.Only
	var mine []memberIn
	var err error
	if unknown == nil {
		if mine, err = db.memberships(ctx, user, l); err != nil {
			return nil, err
		}
	}
	found := make([]listed, 0, len(mine))
	for i := range mine {
		if s := db.readCache.snapshot(mine[i].chat, generation); s != nil {
			found = append(found, listed{Chat: mine[i].of(s, user), cached: s, allSeq: s.allSeq})
		} else {
			unknown = append(unknown, mine[i].chat)
		}
	}
	if unknown != nil {
		if found, err = db.list(ctx, user, unknown, found); err != nil {
			return nil, err
		}
	}
	slices.SortFunc(found, func(a, b listed) int {
		return cmp.Or(cmp.Compare(b.Activity, a.Activity), cmp.Compare(b.ID, a.ID))
	})
	chats := make([]chat.Chat, len(found))
	for i := range found {
		if i < l.WithLast {
			if err := db.fillLast(ctx, user, &found[i]); err != nil {
				return nil, err
			}
		}
		if err := db.addAll(ctx, user, &found[i].Chat, found[i].allSeq); err != nil {
			return nil, err
		}
		chats[i] = found[i].Chat
	}
	return chats, nil
}

// listed is a chat of a list: a cached one, or one that was just read.
type listed struct {
	chat.Chat
	cached *chatSnapshot

	// Of one that was just read:
	pair       string
	n, allSeq  chat.Seq
	last       chat.Seq // number of the newest message; 0: none
	generation uint64
}

// list reads those of the chats that the user is still in, and appends them to found.
func (db *DB) list(ctx context.Context, user chat.UserID, ids []chat.ChatID, found []listed) ([]listed, error) {
	generation, scan := db.readCache.current(), newChatScan(user)
	rows, err := db.rows(ctx, `SELECT `+chatColumns+` FROM members m CROSS JOIN chats c ON c.id = m.chat
		WHERE m.chat IN (SELECT value FROM json_each(?)) AND m.user = ?`, jsonArg(ids), string(user))
	read, err := collect(rows, err, func() (listed, error) {
		c, last, err := scan.row(rows)
		return listed{Chat: c, pair: scan.chat.pair, n: scan.chat.n, allSeq: scan.chat.allSeq, last: last, generation: generation}, err
	})
	return append(found, read...), storeError(err, "read chats")
}

// fillLast fills Last, and caches the snapshot of a chat that was just read. If the chat
// changed since, the viewer may be removed: newest checks their membership again.
func (db *DB) fillLast(ctx context.Context, viewer chat.UserID, l *listed) (err error) {
	if l.cached == nil {
		c := l.Chat
		c.Role, c.ReadUpTo, c.Unread, c.Mentions, c.With, c.Mine = "", 0, 0, 0, "", nil
		s := &chatSnapshot{chat: c, pair: l.pair, n: l.n, allSeq: l.allSeq, generation: l.generation}
		size := entrySize + len(c.Title) + len(c.Topic) + len(c.Picture)
		if l.last > 0 {
			if err := db.row(ctx, messageQuery, string(l.ID), int64(l.last)).Scan(&s.last); err != nil {
				return storeError(err, "read the message")
			}
			size += len(s.last)
		}
		if !db.readCache.store(l.ID, l.generation, size, func(a *cachedChat) { a.snapshot = s }) {
			l.Last, err = db.newest(ctx, viewer, l.ID, l.last)
			return err
		}
		l.cached = s
	}
	if p := (packed{rest: l.cached.last}); p.rest != "" {
		l.Last = &chat.Message{}
		return storeError(p.message(l.Last, l.ID, viewer, chat.MaxReactBy), "read the message")
	}
	return nil
}

// newest reads the newest message; nil if the viewer was removed since.
func (db *DB) newest(ctx context.Context, viewer chat.UserID, id chat.ChatID, last chat.Seq) (*chat.Message, error) {
	if last == 0 {
		return nil, nil
	}
	m, err := db.Message(ctx, viewer, id, last)
	if chat.Is(err, chat.NotFound) {
		return nil, nil
	}
	return &m, err
}
