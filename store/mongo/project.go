package mongo

import (
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// project applies an event to the projections, one case per kind, in the event's
// transaction. A post without files needs none: its document is the message.
func (t *tx) project(s *state, e *chat.Event) error {
	switch e.Kind {
	case chat.Posted:
		return t.attach(e)
	case chat.Edited:
		if err := t.recordTarget(e); err != nil {
			return err
		}
		return t.edit(e)
	case chat.Deleted:
		if err := t.recordTarget(e); err != nil {
			return err
		}
		if _, err := t.removeFiles(bson.D{{Key: "chat", Value: e.ChatID}, {Key: "message", Value: e.Target}}, 0); err != nil {
			return err
		}
		if err := t.clearAllReactions(e); err != nil {
			return err
		}
		return t.rewrite(e, bson.D{{Key: "$set", Value: bson.D{{Key: "deletedAt", Value: e.At}}},
			{Key: "$unset", Value: key("text", "mentions", "mentionsAll", "inbox", "reactions", "files", "pinned")}})
	case chat.Reacted:
		return t.react(e)
	case chat.Pinned:
		if !*e.On {
			return t.rewrite(e, bson.D{{Key: "$unset", Value: key("pinned")}})
		}
		return t.rewrite(e, set(bson.E{Key: "pinned", Value: e.Seq}))
	case chat.Joined:
		// A new member has read up to this event: earlier messages are history, not
		// unread.
		fresh := make([]memberDoc, len(e.Users))
		for i, u := range e.Users {
			fresh[i] = memberDoc{Chat: e.ChatID, User: u, Role: e.Role, Read: e.Seq, N: e.N}
			s.roles[u] = e.Role
		}
		if _, err := t.db.members.InsertMany(t.ctx, fresh); err != nil {
			return err
		}
		return t.count(s, len(fresh))
	case chat.Left:
		if e.DeletesChat() {
			if err := t.markDeleted(s); err != nil {
				return err
			}
		}
		if len(e.Users) == 0 { // the deleted chat was empty; $in takes no nil
			return nil
		}
		gone, err := t.db.members.DeleteMany(t.ctx, members(e))
		if err != nil {
			return err
		}
		for _, u := range e.Users {
			delete(s.roles, u)
		}
		return t.count(s, -int(gone.DeletedCount))
	case chat.RoleChanged:
		for _, u := range e.Users {
			s.roles[u] = e.Role
		}
		_, err := t.db.members.UpdateMany(t.ctx, members(e), bson.D{{Key: "$set", Value: bson.D{{Key: "role", Value: e.Role}}}})
		if err == nil {
			_, err = t.db.chats.UpdateByID(t.ctx, s.id, changed())
		}
		return err
	case chat.Renamed:
		if err := t.setPicture(s, *e.Picture, e.By); err != nil {
			return err
		}
		s.chat = nil
		names := bson.D{{Key: "title", Value: *e.Title}, {Key: "topic", Value: *e.Topic}, {Key: "picture", Value: *e.Picture}}
		if err := t.forgetNames(e); err != nil {
			return err
		}
		if e.GroupMentions != "" {
			names = append(names, bson.E{Key: "groupMentions", Value: e.GroupMentions})
		}
		_, err := t.db.chats.UpdateByID(t.ctx, e.ChatID, bson.D{{Key: "$set", Value: names}})
		return err
	}
	return fmt.Errorf("mongo: no projection for events of kind %q", e.Kind)
}

// forgetNames removes from the events before a renamed one what that changed, and what they
// did not change themselves.
func (t *tx) forgetNames(e *chat.Event) error {
	for _, field := range []string{"title", "topic", "picture"} {
		which := bson.D{{Key: "chat", Value: e.ChatID}, {Key: "kind", Value: chat.Renamed},
			{Key: "seq", Value: bson.D{{Key: "$lt", Value: e.Seq}}}, {Key: field, Value: bson.D{{Key: "$exists", Value: true}}}}
		if !slices.Contains(e.Changed, field) {
			which = append(which, bson.E{Key: "changed", Value: bson.D{{Key: "$ne", Value: field}}})
		}
		// The index of kinds: that of numbers would read the whole log.
		if _, err := t.db.events.UpdateMany(t.ctx, which, bson.D{{Key: "$unset", Value: key(field)}}, options.UpdateMany().SetHint(key("chat", "kind", "n"))); err != nil {
			return err
		}
	}
	return nil
}

// members returns the filter of the event's users.
func members(e *chat.Event) bson.D {
	return bson.D{{Key: "chat", Value: e.ChatID}, {Key: "user", Value: bson.D{{Key: "$in", Value: e.Users}}}}
}

func (t *tx) count(s *state, change int) error {
	s.chat = nil
	_, err := t.db.chats.UpdateByID(t.ctx, s.id, bson.D{{Key: "$inc", Value: bson.D{{Key: "memberCount", Value: change}}}})
	return err
}

// rewrite updates the event's target.
func (t *tx) rewrite(e *chat.Event, update bson.D) error {
	_, err := t.db.events.UpdateOne(t.ctx, bson.D{{Key: "chat", Value: e.ChatID}, {Key: "seq", Value: e.Target}}, update)
	return err
}

// edit replaces the text of the event's target, and whom that names.
func (t *tx) edit(e *chat.Event) error {
	d, _, err := t.db.post(t.ctx, e.ChatID, e.Target)
	if err != nil {
		return err
	}
	var quoted eventDoc
	if d.ReplyTo != 0 {
		if quoted, _, err = t.db.post(t.ctx, e.ChatID, d.ReplyTo); err != nil {
			return err
		}
	}
	to, unset := bson.D{{Key: "text", Value: e.Text}, {Key: "editedAt", Value: e.At}}, bson.D{}
	inbox := chat.ConcernedBy(d.By, e.Mentions, quoted.By)
	for _, f := range []struct {
		name  string
		value any
		is    bool
	}{{"mentions", e.Mentions, len(e.Mentions) > 0}, {"mentionsAll", e.MentionsAll, e.MentionsAll != ""}, {"inbox", inbox, len(inbox) > 0}} {
		if f.is {
			to = append(to, bson.E{Key: f.name, Value: f.value})
		} else {
			unset = append(unset, bson.E{Key: f.name, Value: 1})
		}
	}
	update := set(to...)
	if len(unset) > 0 {
		update = append(update, bson.E{Key: "$unset", Value: unset})
	}
	return t.rewrite(e, update)
}

// clearReaction removes the emoji that the event takes back from the reacted events of the
// same user, also from this one: the feed yields it as it was inserted.
func (t *tx) clearReaction(e *chat.Event) error {
	which := bson.D{{Key: "chat", Value: e.ChatID}, {Key: "target", Value: e.Target}, {Key: "by", Value: e.By}, {Key: "emoji", Value: e.Emoji}}
	_, err := t.db.events.UpdateMany(t.ctx, which, bson.D{{Key: "$unset", Value: key("emoji")}})
	return err
}

// clearAllReactions removes the emoji from all reacted events of the event's target.
func (t *tx) clearAllReactions(e *chat.Event) error {
	d, _, err := t.db.post(t.ctx, e.ChatID, e.Target)
	if err != nil || len(d.Reactions) == 0 {
		return err
	}
	var emoji bson.A
	for _, r := range d.Reactions {
		emoji = append(emoji, r.Emoji)
	}
	which := bson.D{{Key: "chat", Value: e.ChatID}, {Key: "target", Value: e.Target}, {Key: "emoji", Value: bson.D{{Key: "$in", Value: emoji}}}}
	_, err = t.db.events.UpdateMany(t.ctx, which, bson.D{{Key: "$unset", Value: key("emoji")}})
	return err
}

func (t *tx) react(e *chat.Event) error {
	if e.TakesBack() {
		if err := t.clearReaction(e); err != nil {
			return err
		}
	}
	d, _, err := t.db.post(t.ctx, e.ChatID, e.Target)
	if err != nil {
		return err
	}
	list := chat.ApplyReaction(d.Reactions, e)
	if len(list) == 0 {
		return t.rewrite(e, bson.D{{Key: "$unset", Value: key("reactions")}})
	}
	return t.rewrite(e, bson.D{{Key: "$set", Value: bson.D{{Key: "reactions", Value: list}}}})
}
