package service

import (
	"context"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"parley/chat"
)

// mentions are the operations on lists of messages that are not a window of a chat.
type mentions struct{ *core }

// MessageList is a list of messages and the users that they name.
type MessageList struct {
	Messages []chat.Message `json:"messages" msgpack:"messages"`
	Users    []chat.User    `json:"users" msgpack:"users"`
}

// MentionPage is a page of the messages that concern a user, and their chats.
type MentionPage struct {
	Messages []chat.Message `json:"messages" msgpack:"messages"`
	Users    []chat.User    `json:"users" msgpack:"users"`
	Chats    []chat.Chat    `json:"chats" msgpack:"chats"`
	Next     string         `json:"next,omitempty" msgpack:"next,omitempty"`
}

// ListPins returns the pinned messages of a chat, the last one pinned first.
func (s mentions) ListPins(ctx context.Context, viewer chat.UserID, id chat.ChatID) (MessageList, error) {
	pins, err := s.Store.Pins(ctx, viewer, id)
	if err != nil {
		return MessageList{}, err
	}
	named := UserSet{}
	for i := range pins {
		named.Message(&pins[i])
	}
	users, err := s.Users(ctx, named.List())
	return MessageList{pins, users}, err
}

// ListMentions returns messages by others that mention the user or reply to one of theirs,
// newest first, from chats of which the user is a member. before is the Next of an earlier
// page, or empty.
func (s mentions) ListMentions(ctx context.Context, user chat.UserID, before string, limit int) (p MentionPage, err error) {
	var below chat.MentionPlace
	if before != "" {
		if below, err = ParseMentionPlace(before); err != nil {
			return p, err
		}
	}
	list, err := s.MentionsOf(ctx, user, below, limit+1)
	if err != nil {
		return p, err
	}
	if len(list) > limit {
		list = list[:limit]
		p.Next = FormatMentionPlace(&list[limit-1])
	}
	named, chats := UserSet{}, map[chat.ChatID]*chat.Chat{}
	shown := list[:0]
	for _, m := range list {
		c, known := chats[m.ChatID]
		if !known {
			one, err := s.MemberChat(ctx, user, m.ChatID)
			if err != nil && !chat.Is(err, chat.NotFound) {
				return p, err
			}
			if err == nil {
				c = &one
				p.Chats = append(p.Chats, one)
				named.Chat(c)
			}
			chats[m.ChatID] = c
		}
		if c != nil { // else the user was removed since
			named.Message(&m)
			shown = append(shown, m)
		}
	}
	p.Messages = shown
	p.Users, err = s.Users(ctx, named.List())
	return p, err
}

// FormatMentionPlace returns the opaque position of a message among the mentions.
func FormatMentionPlace(m *chat.Message) string {
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d.%s.%d", m.At, m.ChatID, m.Seq))
}

// ParseMentionPlace parses what FormatMentionPlace returned.
func ParseMentionPlace(s string) (p chat.MentionPlace, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	parts := strings.Split(string(raw), ".")
	var seq uint64
	if err == nil && len(parts) == 3 {
		p.Chat = chat.ChatID(parts[1])
		if p.At, err = strconv.ParseInt(parts[0], 10, 64); err == nil {
			seq, err = strconv.ParseUint(parts[2], 10, 63)
		}
	}
	p.Seq = chat.Seq(seq)
	if err != nil || len(parts) != 3 || chat.CheckID("before", p.Chat) != nil {
		return p, chat.FailField(chat.BadInput, "before", "before must be the next of an earlier page")
	}
	return p, nil
}
