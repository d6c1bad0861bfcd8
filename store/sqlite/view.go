package sqlite

import (
	"database/sql"
	"errors"

	"parley/chat"
)

// Bounds of the writer's cache between batches.
const (
	maxChats = 10_000
	maxRoles = 200_000 // members, over all chats
)

// state is one chat at its head: the projections that rules are judged against. Owned
// by the writer goroutine.
type state struct {
	id            chat.ChatID
	kind          chat.ChatKind
	open          bool
	title         string
	topic         string
	picture       chat.FileID
	head          chat.Seq
	n             chat.Seq
	memberCount   int
	activity      int64
	lastAt        int64    // of the newest post
	allSeq        chat.Seq // no message after it mentions all members
	groupMentions chat.GroupMentions
	deleted       bool
	admins        int                       // the active ones; -1: not counted yet
	silenced      int                       // 1: chat.View.Silenced, 0: not, -1: not read yet
	roles         map[chat.UserID]chat.Role // of the members that were read
	wrote         []author                  // the authors of this batch's posts
	dirty         bool                      // flush must write the row
}

// author is the author of posts in a batch, and the newest one: they have read up to it.
type author struct {
	by  chat.UserID
	seq chat.Seq
}

// cache holds the states between batches.
type cache struct {
	chats map[chat.ChatID]*state
	roles int // over all chats
	dirty []*state

	// The states that the job in the savepoint loaded, and those that it changed, as they
	// were before.
	loaded []*state
	before map[*state]state
	clean  int // len(dirty) when the job began
}

func newCache() cache {
	return cache{chats: map[chat.ChatID]*state{}, before: map[*state]state{}}
}

// begin starts to track what a job in a savepoint changes.
func (c *cache) begin() {
	clear(c.before)
	c.loaded, c.clean = c.loaded[:0], len(c.dirty)
}

// undo reverts what the job in the savepoint changed.
func (c *cache) undo() {
	for s, was := range c.before {
		if was.dirty {
			c.roles -= len(s.roles)
			was.roles, was.admins = map[chat.UserID]chat.Role{}, -1
			*s = was
			continue
		}
		c.drop(s)
	}
	for _, s := range c.loaded {
		c.drop(s)
	}
	c.dirty = c.dirty[:c.clean]
}

func (c *cache) drop(s *state) {
	if c.chats[s.id] == s {
		c.roles -= len(s.roles)
		delete(c.chats, s.id)
	}
}

// trim bounds the cache after a batch, when nothing in it is dirty. It evicts in the
// random order of the map: a busy chat is read again, once.
func (c *cache) trim() {
	for _, s := range c.chats {
		if len(c.chats) <= maxChats && c.roles <= maxRoles {
			return
		}
		c.drop(s)
	}
}

func (c *cache) setRole(s *state, u chat.UserID, r chat.Role) {
	if _, ok := s.roles[u]; !ok {
		c.roles++
	}
	s.roles[u] = r
}

func (c *cache) dropRole(s *state, u chat.UserID) {
	if _, ok := s.roles[u]; ok {
		c.roles--
		delete(s.roles, u)
	}
}

// state returns the chat at its head; not_found if there is no such chat.
func (t *tx) state(id chat.ChatID) (*state, error) {
	if s, ok := t.cache.chats[id]; ok {
		return s, nil
	}
	s := &state{id: id, admins: -1, silenced: -1, roles: map[chat.UserID]chat.Role{}}
	err := t.row("SELECT kind, open, title, topic, picture, head, n, members, activity, last_at, all_seq, group_mentions, deleted != 0 FROM chats WHERE id = ?", id).
		Scan(&s.kind, &s.open, &s.title, &s.topic, (*string)(&s.picture), &s.head, &s.n, &s.memberCount, &s.activity, &s.lastAt, &s.allSeq, &s.groupMentions, &s.deleted)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, chat.NoChat()
	}
	if err != nil {
		return nil, err
	}
	t.cache.chats[id] = s
	if t.inJob {
		t.cache.loaded = append(t.cache.loaded, s)
	}
	return s, nil
}

// change must be called before any change of a state.
func (t *tx) change(s *state) {
	if t.inJob {
		if _, ok := t.cache.before[s]; !ok {
			t.cache.before[s] = *s
		}
	}
	if !s.dirty {
		s.dirty = true
		t.cache.dirty = append(t.cache.dirty, s)
	}
}

// flush writes the row of each chat that the batch changed, once, and moves the
// read pointer of each author, once.
func (t *tx) flush() {
	for _, s := range t.cache.dirty {
		_, err := t.exec("UPDATE chats SET title = ?, topic = ?, picture = ?, head = ?, n = ?, members = ?, activity = ?, last_at = ?, all_seq = ?, group_mentions = ? WHERE id = ?",
			s.title, s.topic, string(s.picture), s.head, s.n, s.memberCount, s.activity, s.lastAt, int64(s.allSeq), string(s.groupMentions), s.id)
		t.note(err)
		for _, a := range s.wrote {
			_, err := t.exec(`UPDATE members SET read_up_to = max(read_up_to, ?1), unread_from = CASE WHEN unread_at >= ?1 THEN unread_from END
				WHERE chat = ?2 AND user = ?3`, int64(a.seq), string(s.id), string(a.by))
			t.note(err)
		}
		s.wrote, s.dirty = s.wrote[:0], false
	}
	t.cache.dirty = t.cache.dirty[:0]
}

// view is a chat.View of one chat. A read that fails breaks the batch, so what the rule
// returns for the zero value does not count.
type view struct {
	t *tx
	s *state
}

// checkRule judges a draft that does not come from Append. A nil rule refuses nothing.
func (t *tx) checkRule(rule chat.Rule, s *state, e *chat.Event) error {
	if rule == nil {
		return nil
	}
	err := rule(view{t, s}, e)
	if t.broken != nil {
		return t.broken
	}
	return err
}

func (v view) Chat() chat.Chat {
	s := v.s
	if s.deleted {
		return chat.Chat{}
	}
	return chat.Chat{ID: s.id, Kind: s.kind, Open: s.open, Title: s.title, Topic: s.topic, Picture: s.picture,
		Head: s.head, MemberCount: s.memberCount, Activity: s.activity, GroupMentions: s.groupMentions}
}

func (v view) Admins() int {
	if v.s.admins < 0 {
		var n int
		if !v.found(v.t.row("SELECT count(*) FROM members m CROSS JOIN users u ON u.id = m.user WHERE m.chat = ? AND m.role = 'admin' AND u.active = 1", v.s.id).Scan(&n)) {
			return 0
		}
		v.s.admins = n
	}
	return v.s.admins
}

func (v view) Member(u chat.UserID) (chat.Role, bool) {
	if v.s.deleted {
		return "", false
	}
	if r, ok := v.s.roles[u]; ok {
		return r, true
	}
	var r chat.Role
	if !v.found(v.t.row("SELECT role FROM members WHERE chat = ? AND user = ?", v.s.id, u).Scan(&r)) {
		return "", false
	}
	v.t.cache.setRole(v.s, u, r)
	return r, true
}

func (v view) Message(seq chat.Seq) (chat.Message, bool) {
	m, err := oneMessage(v.t.row(messageQuery, v.s.id, int64(seq)), v.s.id, "", -1)
	if !v.found(err) {
		return chat.Message{}, false
	}
	return m, true
}

func (v view) User(id chat.UserID) (chat.User, bool) {
	u, err := scanUser(v.t.row("SELECT "+userColumns+" FROM users u WHERE u.id = ?", string(id)))
	return u, v.found(err)
}

func (v view) UsersByHandle(handles []string) []chat.User {
	rows, err := v.t.rows(usersByHandle, jsonArg(handles))
	users, err := collect(rows, err, func() (chat.User, error) { return scanUser(rows) })
	v.t.note(err)
	return users
}

func (v view) found(err error) bool {
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		v.t.note(err)
	}
	return err == nil
}

func (v view) ChatsOf(users []chat.UserID) map[chat.UserID]int {
	return v.counts(`SELECT u.value, (SELECT count(*) FROM members m WHERE m.user = u.value) FROM json_each(?) u`, jsonArg(users))
}

func (v view) ChatsMadeBy(maker chat.UserID, of []chat.UserID) map[chat.UserID]int {
	return v.counts(`SELECT u.value, (SELECT count(*) FROM members m CROSS JOIN chats c ON c.id = m.chat WHERE m.user = u.value AND c.by = ?2)
		FROM json_each(?1) u`, jsonArg(of), string(maker))
}

func (v view) counts(query string, args ...any) map[chat.UserID]int {
	type count struct {
		user chat.UserID
		n    int
	}
	rows, err := v.t.rows(query, args...)
	found, err := collect(rows, err, func() (c count, err error) { return c, rows.Scan(&c.user, &c.n) })
	v.t.note(err)
	counts := make(map[chat.UserID]int, len(found))
	for _, c := range found {
		counts[c.user] = c.n
	}
	return counts
}
