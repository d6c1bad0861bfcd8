package push

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/chat"
	"parley/internal/webpush"
	"parley/server/push/payload"
	"parley/textrule"
)

// timeToLive is how long a push service keeps a push for a browser that is offline.
const timeToLive = 24 * time.Hour

// Tags of notifications that are of no chat.
const (
	summaryTag = "summary"
	testTag    = "test"
)

// build sets the push of p: it tells of one message, or of all in a summary.
func (s *sender) build(ctx context.Context, p *preparedPush, to *recipient) error {
	names, err := s.names(ctx, p.told)
	if err != nil {
		return err
	}
	badge, read, err := s.unread(ctx, &p.sub, false)
	if err != nil {
		return err
	}
	p.read = read
	p.push = webpush.Push{TTL: timeToLive, Urgency: webpush.Normal}
	for _, n := range p.told {
		if n.isUrgent() {
			p.push.Urgency = webpush.High
		}
	}
	v := payload.Payload{AppBadge: &badge}
	if p.summary {
		v.Notification = s.summary(p.told, names)
	} else {
		v.Notification = s.notification(&p.told[0], names, to.settings.PushText)
	}
	v.Notification.Data.Read = p.read
	p.push.Topic = topic(&p.sub, v.Notification.Tag)
	for p.push.Text = v.Encode(); len(p.push.Text) > webpush.MaxText; p.push.Text = v.Encode() { // characters that JSON writes with six bytes
		v.Notification.Body = textrule.Cut(v.Notification.Body, len(v.Notification.Body)/2)
	}
	return nil
}

// unread returns how many unread messages a user has, and which chats are read of those that
// their device may show notifications of, or of those that it has to close.
func (s *sender) unread(ctx context.Context, sub *chat.Subscription, toClose bool) (badge int, read []chat.ChatID, err error) {
	unread, err := s.Service.Unread(ctx, sub.User)
	for _, n := range unread {
		badge += n
	}
	for _, id := range s.history.chatsOf(sub.Session, toClose) {
		if unread[id] == 0 {
			read = append(read, id)
		}
	}
	return badge, read, err
}

// names returns the names of the authors and peers.
func (s *sender) names(ctx context.Context, told []news) (map[chat.UserID]string, error) {
	var ids []chat.UserID
	for _, n := range told {
		ids = append(ids, n.event.By)
		if n.chat.With != "" {
			ids = append(ids, n.chat.With)
		}
	}
	slices.Sort(ids)
	users, err := s.Service.Users(ctx, slices.Compact(ids))
	names := make(map[chat.UserID]string, len(users))
	for i := range users {
		names[users[i].ID] = users[i].Name
	}
	return names, err
}

// title returns the name of the chat as its member sees it.
func (n *news) title(names map[chat.UserID]string) string {
	title := n.chat.Title
	if n.chat.Kind == chat.Direct {
		title = names[n.chat.With]
	}
	if title == "" {
		title = "New message"
	}
	return title
}

func (s *sender) notification(n *news, names map[chat.UserID]string, showText bool) *payload.Notification {
	body := "New message"
	if showText {
		body = payload.Preview(&n.event)
	}
	if name := names[n.event.By]; n.chat.Kind != chat.Direct && name != "" {
		body = payload.Isolate(name) + ": " + body
	}
	return &payload.Notification{Title: n.title(names), Body: body, Navigate: s.link(fmt.Sprintf("/c/%s/%d", n.chat.ID, n.event.Seq)), Tag: string(n.chat.ID),
		Data: payload.Data{ChatID: n.chat.ID, Seq: n.event.Seq, Count: n.queued.Count}}
}

func (s *sender) summary(told []news, names map[chat.UserID]string) *payload.Notification {
	count := 0
	var titles []string
	var chats []chat.ChatID
	for i := range told {
		count += told[i].queued.Count
		chats = append(chats, told[i].chat.ID)
		if i < 4 {
			titles = append(titles, payload.Isolate(told[i].title(names)))
		}
	}
	if len(chats) > chat.MaxShown {
		chats = nil
	}
	title := payload.Plural(count, "new message") + " in " + payload.Plural(len(told), "chat")
	return &payload.Notification{Title: title, Body: strings.Join(titles, ", "), Navigate: s.link("/"), Tag: summaryTag, Data: payload.Data{Count: count, Chats: chats}}
}

// topic returns the Topic of a tag's pushes: one that waits at the push service is replaced
// by the next. The push service learns neither the chat nor that two people are in one.
func topic(sub *chat.Subscription, tag string) string {
	h := hmac.New(sha256.New, []byte(sub.Auth))
	h.Write([]byte(tag))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:24])
}
