package mongo

import (
	"context"
	"maps"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// tx is an attempt to write: a transaction, or an insert of posts. One goroutine uses it.
type tx struct {
	db     *DB
	ctx    context.Context // carries the session, and the transaction if it is one
	now    int64           // ms
	states map[chat.ChatID]*state
	broken error // a call of a View failed: the attempt fails
}

func (db *DB) tx(ctx context.Context) *tx {
	return &tx{db: db, ctx: ctx, now: db.now(), states: map[chat.ChatID]*state{}}
}

// note breaks the attempt.
func (t *tx) note(err error) {
	if err != nil && t.broken == nil {
		t.broken = err
	}
}

// state is one chat at its head: the projections that rules are judged against. It may be
// stale, but is consistent: an event that is judged by it is written at head+1, which is
// free only if no event came since. A draft that makes no event is answered after
// checkCurrent.
type state struct {
	id       chat.ChatID
	head     chat.Seq
	n        chat.Seq
	activity int64
	deleted  bool                      // the last event deletes the chat
	stale    bool                      // there are newer events: catchUp reads them
	chat     *chatDoc                  // nil: not read yet
	kind     chat.ChatKind             // never changes; empty: not read yet
	spoken   spoken                    // of a direct chat
	roles    map[chat.UserID]chat.Role // of the members that were read
	posted   []eventDoc                // judged in this attempt, not written yet
}

func newState(id chat.ChatID, last eventDoc) *state {
	return &state{id: id, head: last.Seq, n: last.N, activity: last.At, deleted: last.deletesChat(), roles: map[chat.UserID]chat.Role{}}
}

// clone returns a copy for an attempt that may fail.
func (s *state) clone() *state {
	c := *s
	c.roles = maps.Clone(s.roles)
	return &c
}

// back moves the head back to before d.
func (s *state) back(d eventDoc) { s.head, s.n = d.Seq-1, d.N-1 }

// state returns the state of the chat whose log the attempt extends, or that it made;
// not_found for any other.
func (t *tx) state(id chat.ChatID) (*state, error) {
	if s, ok := t.states[id]; ok {
		return s, nil
	}
	return nil, chat.NoChat()
}

// catchUp brings the state of a queue to the head. It runs before the transaction, to keep
// the time short in which another replica can insert the next number first.
func (t *tx) catchUp(a *chatQueue) (*state, error) {
	s := a.state
	if s == nil {
		last, ok, err := t.db.last(t.ctx, a.id, t.db.chatQueues.reached(a.id))
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, chat.NoChat()
		}
		return newState(a.id, last), nil
	}
	if len(s.roles) > maxRoles {
		clear(s.roles)
	}
	if s.stale {
		if _, err := t.refresh(s); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// refresh brings the state to the head. changed reports whether a new event may have
// changed the cached roles or the chat's document, which are dropped then. Messages, users
// and counts are not cached.
func (t *tx) refresh(s *state) (changed bool, err error) {
	cur, err := t.db.events.Find(t.ctx, bson.D{{Key: "chat", Value: s.id}, {Key: "seq", Value: bson.D{{Key: "$gt", Value: s.head}}}},
		options.Find().SetSort(key("seq")).SetLimit(maxNews).SetProjection(key("seq", "n", "at", "kind", "reason")))
	news, err := all[eventDoc](t.ctx, cur, err)
	if err != nil {
		return false, err
	}
	for _, d := range news {
		s.head, s.n, s.activity, s.deleted = d.Seq, d.N, d.At, d.deletesChat()
		changed = changed || !d.Kind.Is().MessagesOnly
	}
	if len(news) == maxNews { // there may be many more
		last, _, err := t.db.last(t.ctx, s.id, s.head)
		if err != nil {
			return false, err
		}
		s.head, s.n, s.activity, s.deleted, changed = last.Seq, last.N, last.At, last.deletesChat(), true
	}
	if changed {
		s.chat = nil
		clear(s.roles)
	}
	s.stale = false
	return changed, nil
}

// errStale ends an attempt that wrote no event and whose state has changed. It has the code
// of the conflict that an event would have caused.
var errStale = mongo.CommandError{Code: codeConflict, Message: "another replica changed the state that this was judged by"}

// checkCurrent returns errStale if the state's cached values have changed. It must be called
// before the outcome of a draft that makes no event is returned. An event needs no check:
// its number would be taken.
func (t *tx) checkCurrent(s *state) error {
	changed, err := t.refresh(s)
	if err == nil && changed {
		err = errStale
	}
	return err
}

// view is a chat.View of one chat. A read that fails breaks the attempt, so what the rule
// returns for the zero value does not count.
type view struct {
	t *tx
	s *state
}

// there reads the chat's document and reports whether there is one.
func (v view) there() bool {
	if v.s.chat == nil {
		var g chatDoc
		ok, err := one(v.t.db.chats.FindOne(v.t.ctx, bson.D{{Key: "_id", Value: v.s.id}}), &g)
		v.t.note(err)
		if !ok {
			return false
		}
		v.s.chat, v.s.kind = &g, g.Kind
	}
	return true
}

// checkRule judges a draft that does not come from Append. A nil rule refuses nothing.
func (t *tx) checkRule(rule chat.Rule, s *state, e *chat.Event) error {
	if rule == nil {
		return nil
	}
	err := t.db.guard(func() error { return rule(view{t, s}, e) })
	if t.broken != nil {
		return t.broken
	}
	return err
}

func (v view) Chat() chat.Chat {
	if v.s.deleted || !v.there() {
		return chat.Chat{}
	}
	g := v.s.chat
	return chat.Chat{ID: g.ID, Kind: g.Kind, Open: g.Open, Title: g.Title, Topic: g.Topic, Picture: g.Picture,
		Head: v.s.head, MemberCount: g.MemberCount, Activity: v.s.activity, GroupMentions: g.groupMentions()}
}

func (v view) Member(u chat.UserID) (chat.Role, bool) {
	if v.s.deleted {
		return "", false
	}
	if r, ok := v.s.roles[u]; ok {
		return r, true
	}
	var m memberDoc
	ok, err := one(v.t.db.members.FindOne(v.t.ctx, bson.D{{Key: "chat", Value: v.s.id}, {Key: "user", Value: u}}), &m)
	v.t.note(err)
	if ok {
		v.s.roles[u] = m.Role
	}
	return m.Role, ok
}

func (v view) Message(seq chat.Seq) (chat.Message, bool) {
	for i := range v.s.posted {
		if v.s.posted[i].Seq == seq {
			return v.s.posted[i].message("", -1, nil), true
		}
	}
	d, ok, err := v.t.db.post(v.t.ctx, v.s.id, seq)
	v.t.note(err)
	if ok && d.ReplyTo != 0 && d.Root == 0 {
		d.Root, err = v.t.db.rootOf(v.t.ctx, &d)
		v.t.note(err)
	}
	return d.message("", -1, nil), ok
}

func (v view) User(id chat.UserID) (chat.User, bool) {
	u, ok, err := v.t.user(id)
	v.t.note(err)
	return u, ok
}

func (v view) UsersByHandle(handles []string) []chat.User {
	users, err := findUsers(v.t.ctx, v.t.db, "handle", handles)
	v.t.note(err)
	return users
}

func (v view) ChatsOf(users []chat.UserID) map[chat.UserID]int { return v.places(users) }

func (v view) ChatsMadeBy(maker chat.UserID, of []chat.UserID) map[chat.UserID]int {
	return v.places(of,
		bson.D{{Key: "$lookup", Value: bson.D{{Key: "from", Value: v.t.db.chats.Name()}, {Key: "localField", Value: "chat"}, {Key: "foreignField", Value: "_id"}, {Key: "as", Value: "made"}}}},
		bson.D{{Key: "$match", Value: bson.D{{Key: "made.by", Value: maker}}}})
}

// places returns how many memberships of each user pass the stages.
func (v view) places(users []chat.UserID, stages ...bson.D) map[chat.UserID]int {
	if len(users) == 0 {
		return nil // $in takes no nil
	}
	match := bson.D{{Key: "$match", Value: bson.D{{Key: "user", Value: bson.D{{Key: "$in", Value: users}}}}}}
	group := bson.D{{Key: "$group", Value: bson.D{{Key: "_id", Value: "$user"}, {Key: "n", Value: bson.D{{Key: "$sum", Value: 1}}}}}}
	cur, err := v.t.db.members.Aggregate(v.t.ctx, append(append(mongo.Pipeline{match}, stages...), group))
	found, err := all[struct {
		User chat.UserID `bson:"_id"`
		N    int         `bson:"n"`
	}](v.t.ctx, cur, err)
	v.t.note(err)
	counts := make(map[chat.UserID]int, len(found))
	for _, c := range found {
		counts[c.User] = c.N
	}
	return counts
}
