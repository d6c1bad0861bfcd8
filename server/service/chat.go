package service

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"parley/chat"
	"parley/server/audit"
	"parley/server/budget"
)

// chats are the operations on chats.
type chats struct{ *core }

// CreateChat creates a chat with members, which are user ids or @handles. A known
// clientId, or the same direct pair, returns the first chat (again), which costs
// nothing: without budget the store looks for it, and then refuses.
func (s chats) CreateChat(ctx context.Context, caller Caller, n chat.NewChat, members []string) (c chat.Chat, again bool, err error) {
	n.By = caller.User.ID
	if err := chat.CheckClientID(n.ClientID); err != nil {
		return c, false, err
	}
	if err := cleanTitles(&n.Title, &n.Topic); err != nil {
		return c, false, err
	}
	if len(members) > chat.MaxJoinAtOnce {
		return c, false, chat.FailField(chat.BadInput, "members", "members must name at most %d users", chat.MaxJoinAtOnce)
	}
	named := map[string]bool{string(n.By): true, "@" + caller.User.Handle: true}
	members = slices.DeleteFunc(members, func(name string) bool {
		again := named[name]
		named[name] = true
		return again
	})
	cost := budget.OfChat(len(members))
	defer func() {
		if again || err != nil {
			s.Refund(n.By, cost)
		}
	}()
	n.Rule = chat.All(chat.NotBlocked("members"), chat.ChatLimit(s.limits.Chats, "members"))
	if refusal := s.Charge(n.By, cost); refusal != nil {
		cost, n.Rule = budget.Price{}, chat.Refuse(refusal)
		if n.Kind == chat.Group {
			members = nil // the clientId alone identifies the group
		}
	}
	if n.Members, err = s.resolve(ctx, n.By, members); err != nil {
		return c, false, err
	}
	if paid := budget.OfChat(len(n.Members)); paid.People < cost.People { // some were named by id and by handle
		s.Refund(n.By, budget.Price{People: cost.People - paid.People})
		cost = paid
	}
	switch {
	case n.Kind != chat.Group && n.Kind != chat.Direct:
		return c, false, chat.FailField(chat.BadInput, "kind", "kind must be group or direct")
	case n.Kind == chat.Group:
	case len(n.Members) != 1:
		return c, false, chat.FailField(chat.BadInput, "members", "a direct chat has exactly one other member")
	case n.Open:
		return c, false, chat.FailField(chat.BadInput, "open", "a direct chat cannot be open")
	case n.Title != "" || n.Topic != "":
		return c, false, chat.FailField(chat.BadInput, "title", "a direct chat has no title and no topic")
	}
	return s.Store.CreateChat(ctx, n)
}

// resolve turns ids and @handles into ids, each once and without the caller.
func (s chats) resolve(ctx context.Context, caller chat.UserID, members []string) ([]chat.UserID, error) {
	ids, handles := UserSet{}, []string{}
	for _, m := range members {
		if h, ok := strings.CutPrefix(m, "@"); ok {
			h, err := chat.ParseHandle(h)
			if err != nil {
				return nil, chat.FailField(chat.BadInput, "members", "members must be user ids or @handles")
			}
			if !slices.Contains(handles, h) {
				handles = append(handles, h)
			}
			continue
		}
		if err := chat.CheckID("members", chat.UserID(m)); err != nil {
			return nil, err
		}
		ids.Add(chat.UserID(m))
	}
	if len(handles) > 0 {
		users, err := s.UsersByHandle(ctx, handles)
		if err != nil {
			return nil, err
		}
		if len(users) < len(handles) {
			return nil, chat.FailField(chat.NotFound, "members", "not every handle in members is known")
		}
		for _, u := range users {
			ids.Add(u.ID)
		}
	}
	delete(ids, caller)
	list := ids.List()
	slices.Sort(list)
	return list, nil
}

// ChatPatch is a change of a group; nil fields stay.
type ChatPatch struct {
	Title, Topic  *string
	Picture       *chat.FileID // of the caller's upload; empty: none
	GroupMentions *chat.GroupMentions
}

// PatchChat changes a group.
func (s chats) PatchChat(ctx context.Context, caller Caller, id chat.ChatID, p ChatPatch, clientID string) error {
	if err := cleanTitles(p.Title, p.Topic); err != nil {
		return err
	}
	if p.GroupMentions != nil {
		if err := chat.CheckGroupMentions(*p.GroupMentions); err != nil {
			return err
		}
	}
	if err := OptionalClientID(clientID); err != nil {
		return err
	}
	draft := chat.Event{Kind: chat.Renamed, ChatID: id, By: caller.User.ID, ClientID: clientID, Title: p.Title, Topic: p.Topic, Picture: p.Picture}
	if p.GroupMentions != nil {
		draft.GroupMentions = *p.GroupMentions
	}
	_, _, err := s.drafts.AppendWait(ctx, draft, chat.Rename)
	if err == nil && p.Picture != nil {
		s.files.Wake() // the one before is removed
	}
	return err
}

// DeleteChat deletes a group: its members are told, and then its log is purged.
func (s chats) DeleteChat(ctx context.Context, caller Caller, id chat.ChatID, clientID string) error {
	if err := OptionalClientID(clientID); err != nil {
		return err
	}
	draft := chat.Event{Kind: chat.Left, ChatID: id, By: caller.User.ID, ClientID: clientID}
	_, again, err := s.drafts.AppendWait(ctx, draft, chat.DeleteChat)
	if !again {
		s.audit.Write(ctx, audit.Event{Kind: audit.ChatDeleted, Actor: string(caller.User.ID), Target: string(id), Err: err})
	}
	if err != nil {
		return err
	}
	select {
	case s.deleted <- struct{}{}:
	default:
	}
	return nil
}

// cleanTitles brings them into the form in which they are stored; nil stays.
func cleanTitles(title, topic *string) error {
	return cmp.Or(chat.ChatTitle.CleanIn(title), chat.ChatTopic.CleanIn(topic))
}

// OptionalClientID checks a clientId that may be absent.
func OptionalClientID(id string) error {
	if id == "" {
		return nil
	}
	return chat.CheckClientID(id)
}
