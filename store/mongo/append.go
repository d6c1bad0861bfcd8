package mongo

import (
	"context"
	"errors"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// Append is [chat.Log].Append.
func (db *DB) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done func(ev chat.Event, again bool, err error)) error {
	if err := chat.CheckDraft(&draft); err != nil {
		return err
	}
	return db.put(ctx, draft.ChatID, &job{draft: draft, rule: rule, done: done})
}

// judge applies the rule at the head of the chat and writes the event; the document of a
// post without files is added to s.posted. A known clientId of a post is found as a duplicate key. look
// says to look it up first, since a duplicate key ends a transaction. It is also looked up
// if the rule refused (the first event may be the reason), and the first event returned as
// chat.Event.Repeat allows. A command that changes nothing is written, too, under the
// same _id, unless it is a post: its retry must change nothing.
func (t *tx) judge(draft chat.Event, rule chat.Rule, look bool) (ev chat.Event, again bool, err error) {
	s, err := t.state(draft.ChatID)
	if err != nil {
		return chat.Event{}, false, err
	}
	v, e := view{t, s}, draft
	err = t.db.guard(func() error { return rule(v, &e) })
	if draft.ClientID != "" && (look || err != nil) && t.broken == nil {
		first, ok := t.first(&draft)
		if ok && first.Seq == 0 {
			return chat.Event{}, true, t.broken
		}
		_, in := v.Member(draft.By)
		if ok {
			return first.Repeat(err == nil || in), true, t.broken
		}
	}
	switch {
	case t.broken != nil:
		return chat.Event{}, false, t.broken
	case errors.Is(err, chat.ErrNoChange):
		if !draft.Kind.Is().Message && draft.ClientID != "" {
			_, err := t.db.events.InsertOne(t.ctx, unchanged(&draft))
			t.note(err)
		}
		return chat.Event{}, false, t.broken
	case err != nil:
		return chat.Event{}, false, err
	}
	s.number(&e, t.now)
	if inserted(&e) {
		s.posted = append(s.posted, document(&e))
		return e, false, nil
	}
	t.note(t.extend(s, &e))
	return e, false, t.broken
}

// append numbers the event at the chat's head, writes it and its projection. It is not
// judged.
func (t *tx) append(e chat.Event) (chat.Event, error) {
	s, err := t.state(e.ChatID)
	if err != nil {
		return chat.Event{}, err
	}
	s.number(&e, t.now)
	return e, t.extend(s, &e)
}

// number makes the event the head.
func (s *state) number(e *chat.Event, now int64) {
	s.head++
	if e.Kind.Is().Message {
		s.n++
	}
	s.activity = chat.EventTime(now, s.activity)
	e.Seq, e.N, e.At = s.head, s.n, s.activity
}

// extend writes a numbered event, its projection, and the event that must follow it.
func (t *tx) extend(s *state, e *chat.Event) error {
	if _, err := t.db.events.InsertOne(t.ctx, document(e)); err != nil {
		return err
	}
	if err := t.project(s, e); err != nil {
		return err
	}
	if is := e.Kind.Is(); is.Adds || is.Removes {
		return t.succeed(s, e.By)
	}
	return nil
}

// insert judges the posts at the head and writes them with one insert, in order. It
// returns the jobs that have no outcome; without an error the reason is that another
// replica took the numbers, or that one clientId was known, and the state is ready for the
// next attempt. Refusals are final once the first number was free, or if no event came on
// which they may depend.
func (db *DB) insert(ctx context.Context, a *chatQueue, batch []*job) (left []*job, err error) {
	err = db.session(ctx, func(ctx context.Context, _ *mongo.Session) error {
		t := db.tx(ctx)
		s, err := t.catchUp(a)
		if err == nil {
			err = t.roles(s, batch)
		}
		if err != nil {
			return err
		}
		t.states[a.id] = s
		var sent, rest []*job // rest: they make no event
		for _, j := range batch {
			j.ev, j.again, j.err = t.judge(j.draft, j.rule, false)
			switch {
			case t.broken != nil:
				return t.broken
			case j.err == nil && !j.again && j.ev.Seq != 0:
				sent = append(sent, j)
			default:
				rest = append(rest, j)
			}
		}
		if len(sent) == 0 {
			a.state = s
			changed, err := t.refresh(s)
			if err == nil && !changed {
				finishAll(rest)
			}
			return err
		}
		docs := s.posted
		s.posted = nil
		in, err := insertedCount(db.events.InsertMany(ctx, docs))
		if finishAll(sent[:in]); in > 0 {
			finishAll(rest)
		}
		if err == nil {
			a.state = s
			a.from.Store(uint64(s.head))
			return nil
		}
		a.state = nil
		for _, j := range sent[in:] {
			j.unsure = j.unsure || !isConflict(err) || writeNotConfirmed(err)
		}
		if !isConflict(err) {
			return err
		}
		// Either the clientId of the first one left is known, or its number is taken.
		j := sent[in]
		first, known := t.first(&j.draft)
		if t.broken != nil {
			return t.broken
		}
		s.back(docs[in])
		a.state, s.stale = s, true
		a.from.Store(uint64(s.head))
		if !known {
			return nil
		}
		changed, err := t.refresh(s)
		if err == nil && !changed {
			j.finish(first, !j.unsure, nil)
		}
		return err
	})
	var known *chat.Error
	if left = unfinished(batch); errors.As(err, &known) { // no such chat
		for _, j := range left {
			j.finish(chat.Event{}, false, err)
		}
		return nil, nil
	}
	return left, err
}

// finishAll makes what judge returned the outcome of the jobs.
func finishAll(judged []*job) {
	for _, j := range judged {
		j.finish(j.ev, j.again, j.err)
	}
}

// insertedCount returns how many documents of an ordered insert were surely written.
func insertedCount(r *mongo.InsertManyResult, err error) (int, error) {
	var bulk mongo.BulkWriteException
	switch {
	case err == nil:
		return len(r.InsertedIDs), nil
	case errors.As(err, &bulk) && bulk.WriteConcernError == nil && len(bulk.WriteErrors) == 1:
		return bulk.WriteErrors[0].Index, err
	}
	return 0, err
}

// first returns the event that was made with this clientId.
func (t *tx) first(e *chat.Event) (ev chat.Event, ok bool) {
	ev, ok, err := t.db.once(t.ctx, onceID(e))
	t.note(err)
	return ev, ok
}

// once returns the event with an _id as the log returns it. Its Seq is 0 if the command
// changed nothing.
func (db *DB) once(ctx context.Context, id string) (ev chat.Event, ok bool, err error) {
	var d eventDoc
	ok, err = one(db.events.FindOne(ctx, bson.D{{Key: "_id", Value: id}}), &d)
	if err != nil || !ok || d.Kind == kindUnchanged {
		return chat.Event{}, ok && err == nil, err
	}
	list, err := db.entries(ctx, []eventDoc{d})
	if err != nil {
		return chat.Event{}, false, err
	}
	return list[0], true, nil
}

// Find is [chat.Log].Find.
func (db *DB) Find(ctx context.Context, id chat.ChatID, by chat.UserID, clientID string) (ev chat.Event, ok bool, err error) {
	err = db.read(ctx, "find the message", func(ctx context.Context) (err error) {
		ev, ok, err = db.once(ctx, messageID(id, by, clientID))
		return err
	})
	return ev, ok, err
}

// roles reads the roles of the authors and users of a batch that are not cached.
func (t *tx) roles(s *state, batch []*job) error {
	var who []chat.UserID
	for _, j := range batch {
		for _, u := range append([]chat.UserID{j.draft.By}, j.draft.Users...) {
			if _, ok := s.roles[u]; !ok && u != "" && !slices.Contains(who, u) {
				who = append(who, u)
			}
		}
	}
	if len(who) == 0 {
		return nil
	}
	cur, err := t.db.members.Find(t.ctx, bson.D{{Key: "chat", Value: s.id}, {Key: "user", Value: bson.D{{Key: "$in", Value: who}}}},
		options.Find().SetProjection(bson.D{{Key: "user", Value: 1}, {Key: "role", Value: 1}}))
	found, err := all[memberDoc](t.ctx, cur, err)
	for _, m := range found {
		s.roles[m.User] = m.Role
	}
	return err
}
