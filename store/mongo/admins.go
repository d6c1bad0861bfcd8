package mongo

import (
	"context"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// A user who is deactivated and an admin who leaves, at the same time, would each find the
// other in their snapshot. So both write the chat's document, and one of the transactions is
// judged again: project changes its count of members or changes, and touchGroups, too.

// succeed appends chat.Succession to the log of a chat, if there is any.
func (t *tx) succeed(s *state, by chat.UserID) error {
	next, ok := chat.Succession(view{t, s}, by)
	if t.broken != nil {
		return t.broken
	}
	if !ok {
		return nil
	}
	s.number(&next, t.now)
	return t.extend(s, &next)
}

// succeedAll is succeed for the groups of a user whose account was activated or deactivated.
func (t *tx) succeedAll(user, by chat.UserID) error {
	cur, err := t.db.members.Find(t.ctx, bson.D{{Key: "user", Value: user}}, options.Find().SetProjection(key("chat")))
	mine, err := all[memberDoc](t.ctx, cur, err)
	if err != nil {
		return err
	}
	ids := make([]chat.ChatID, len(mine))
	for i, m := range mine {
		ids[i] = m.Chat
	}
	groups, err := t.touchGroups(ids)
	if err != nil {
		return err
	}
	due, err := t.db.withoutAdmin(t.ctx, groups)
	for _, id := range due {
		if err == nil {
			err = t.succeedIn(id, by)
		}
	}
	return err
}

// succeedIn is succeed for a chat whose state is not known.
func (t *tx) succeedIn(id chat.ChatID, by chat.UserID) error {
	last, _, err := t.db.last(t.ctx, id, t.db.chatQueues.reached(id))
	if err != nil {
		return err
	}
	s := newState(id, last)
	t.states[id] = s
	return t.succeed(s, by)
}

// touchGroups writes the documents of chats, and returns those that are groups.
func (t *tx) touchGroups(ids []chat.ChatID) (groups []chat.ChatID, err error) {
	if len(ids) == 0 {
		return nil, nil
	}
	of := bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
	if _, err := t.db.chats.UpdateMany(t.ctx, of, changed()); err != nil {
		return nil, err
	}
	cur, err := t.db.chats.Find(t.ctx, of, options.Find().SetProjection(key("kind")))
	list, err := all[chatDoc](t.ctx, cur, err)
	for _, c := range list {
		if c.Kind == chat.Group {
			groups = append(groups, c.ID)
		}
	}
	return groups, err
}

// changed returns the update of a chat's document by which two transactions conflict.
func changed() bson.D { return bson.D{{Key: "$inc", Value: bson.D{{Key: "changes", Value: 1}}}} }

// withoutAdmin returns those of the groups that have no active admin.
func (db *DB) withoutAdmin(ctx context.Context, groups []chat.ChatID) (without []chat.ChatID, err error) {
	if len(groups) == 0 {
		return nil, nil
	}
	cur, err := db.members.Find(ctx, bson.D{{Key: "chat", Value: bson.D{{Key: "$in", Value: groups}}}, {Key: "role", Value: chat.RoleAdmin}},
		options.Find().SetProjection(key("chat", "user")))
	admins, err := all[memberDoc](ctx, cur, err)
	if err != nil {
		return nil, err
	}
	users := make([]chat.UserID, len(admins))
	for i, a := range admins {
		users[i] = a.User
	}
	active, err := db.activeOf(ctx, users)
	with := map[chat.ChatID]bool{}
	for _, a := range admins {
		with[a.Chat] = with[a.Chat] || active[a.User]
	}
	return slices.DeleteFunc(groups, func(id chat.ChatID) bool { return with[id] }), err
}

func (v view) Admins() int {
	return len(v.active(bson.D{{Key: "chat", Value: v.s.id}, {Key: "role", Value: chat.RoleAdmin}}))
}

// active returns the active users of memberships.
func (v view) active(of bson.D) (users []chat.UserID) {
	cur, err := v.t.db.members.Find(v.t.ctx, of, options.Find().SetProjection(key("user")))
	list, err := all[memberDoc](v.t.ctx, cur, err)
	v.t.note(err)
	for _, m := range list {
		users = append(users, m.User)
	}
	if len(users) == 0 {
		return nil
	}
	active, err := v.t.db.activeOf(v.t.ctx, users)
	v.t.note(err)
	return slices.DeleteFunc(users, func(u chat.UserID) bool { return !active[u] })
}

func (v view) Oldest() (chat.UserID, bool) {
	cur, err := v.t.db.events.Find(v.t.ctx, bson.D{{Key: "chat", Value: v.s.id}, {Key: "kind", Value: chat.Joined}},
		options.Find().SetProjection(key("seq", "users")))
	events, err := all[eventDoc](v.t.ctx, cur, err)
	v.t.note(err)
	slices.SortFunc(events, func(a, b eventDoc) int { return int(a.Seq) - int(b.Seq) })
	joined := make([][]chat.UserID, len(events))
	for i := range events {
		joined[i] = events[i].Users
	}
	return chat.Oldest(joined, v.active(bson.D{{Key: "chat", Value: v.s.id}}))
}

const chatsAtOnce = 1000 // of giveAdmins

// giveAdmins appends chat.Succession to every group of a database that was written before
// groups always had an admin. The actor is the new admin. Several replicas may do it at
// the same time.
func (db *DB) giveAdmins(ctx context.Context) error {
	var a serverDoc
	if err := db.meta.FindOne(ctx, serverID).Decode(&a); err != nil || a.Admins {
		return err
	}
	cur, err := db.chats.Find(ctx, bson.D{}, options.Find().SetSort(key("_id")).SetProjection(key("kind")))
	if err != nil {
		return err
	}
	defer closeCursor(ctx, cur)
	for more := true; more; {
		var groups []chat.ChatID
		for more = cur.Next(ctx); more && len(groups) < chatsAtOnce; more = cur.Next(ctx) {
			var c chatDoc
			if err := cur.Decode(&c); err != nil {
				return err
			}
			if c.Kind == chat.Group {
				groups = append(groups, c.ID)
			}
		}
		due, err := db.withoutAdmin(ctx, groups)
		if err != nil {
			return err
		}
		for _, id := range due {
			if err := db.giveAdmin(ctx, id); err != nil {
				return err
			}
		}
	}
	if err := cur.Err(); err != nil {
		return err
	}
	_, err = db.meta.UpdateOne(ctx, serverID, set(bson.E{Key: "admins", Value: true}))
	return err
}

func (db *DB) giveAdmin(ctx context.Context, id chat.ChatID) error {
	return db.write(ctx, id, "give a group an admin", func(t *tx) error {
		s := t.states[id]
		next, ok := chat.Succession(view{t, s}, "")
		if t.broken != nil || !ok {
			return t.broken
		}
		next.By = next.Users[0]
		s.number(&next, t.now)
		return t.extend(s, &next)
	})
}
