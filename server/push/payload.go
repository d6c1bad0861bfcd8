package push

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"parley/chat"
	"parley/internal/webpush"
	"parley/textrule"
)

const (
	// declarative is the value of web_push that marks Declarative Web Push.
	declarative = 8030

	timeToLive = 24 * time.Hour // how long a push service keeps a push for a browser that is offline
	maxBody    = 600            // bytes of a message's text
)

// Tags of notifications that are of no chat.
const (
	summaryTag = "summary"
	testTag    = "test"
)

// Payload is the text of a push, as docs/protocol.md has it: the JSON of Declarative Web
// Push, which some browsers show without a service worker.
type Payload struct {
	WebPush      int           `json:"web_push"`
	Notification *Notification `json:"notification,omitempty"`
	AppBadge     *int          `json:"app_badge,omitempty"` // nil: it stays as it is
	Mutable      bool          `json:"mutable"`             // the service worker, if there is one, may change it
}

// Notification is what is shown.
type Notification struct {
	Title    string `json:"title"`
	Body     string `json:"body,omitempty"`
	Navigate string `json:"navigate"`
	Tag      string `json:"tag"` // replaces the notification that has it
	Data     Data   `json:"data"`
}

// Data is what a service worker needs to know besides.
type Data struct {
	ChatID chat.ChatID   `json:"chatId,omitempty"`
	Seq    chat.Seq      `json:"seq,omitempty"`
	Count  int           `json:"count,omitempty"` // of messages
	Chats  []chat.ChatID `json:"chats,omitempty"` // of a summary of at most maxChats: it is to be closed when all are read
	Read   []chat.ChatID `json:"read,omitempty"`  // chats whose notifications are to be closed
}

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
	v := Payload{AppBadge: &badge}
	if p.summary {
		v.Notification = s.summary(p.told, names)
	} else {
		v.Notification = s.notification(&p.told[0], names, to.settings.PushText)
	}
	v.Notification.Data.Read = p.read
	p.push.Topic = topic(&p.sub, v.Notification.Tag)
	for p.push.Text = encode(v); len(p.push.Text) > webpush.MaxText; p.push.Text = encode(v) { // characters that JSON writes with six bytes
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

func (s *sender) notification(n *news, names map[chat.UserID]string, showText bool) *Notification {
	body := "New message"
	if showText {
		body = preview(&n.event)
	}
	if name := names[n.event.By]; n.chat.Kind != chat.Direct && name != "" {
		body = isolate(name) + ": " + body
	}
	return &Notification{Title: n.title(names), Body: body, Navigate: s.link(fmt.Sprintf("/c/%s/%d", n.chat.ID, n.event.Seq)), Tag: string(n.chat.ID),
		Data: Data{ChatID: n.chat.ID, Seq: n.event.Seq, Count: n.queued.Count}}
}

func (s *sender) summary(told []news, names map[chat.UserID]string) *Notification {
	count := 0
	var titles []string
	var chats []chat.ChatID
	for i := range told {
		count += told[i].queued.Count
		chats = append(chats, told[i].chat.ID)
		if i < 4 {
			titles = append(titles, isolate(told[i].title(names)))
		}
	}
	if len(chats) > maxChats {
		chats = nil
	}
	title := plural(count, "new message") + " in " + plural(len(told), "chat")
	return &Notification{Title: title, Body: strings.Join(titles, ", "), Navigate: s.link("/"), Tag: summaryTag, Data: Data{Count: count, Chats: chats}}
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}

// preview returns a message on one line, as it was written.
func preview(ev *chat.Event) string {
	if text := strings.Join(strings.Fields(textrule.Cut(ev.Text, 2*maxBody)), " "); text != "" {
		return textrule.Cut(text, maxBody)
	}
	switch len(ev.Files) {
	case 0:
		return "New message"
	case 1:
	default:
		if slices.ContainsFunc(ev.Files, func(f chat.File) bool { return !strings.HasPrefix(f.Type, "image/") }) {
			return plural(len(ev.Files), "file")
		}
		return plural(len(ev.Files), "photo")
	}
	f := &ev.Files[0]
	kind, _, _ := strings.Cut(f.Type, "/")
	noun, about := map[string]string{"image": "Photo", "video": "Video", "audio": "Audio"}[kind], textrule.Cut(f.Alt, maxBody)
	if noun == "" {
		noun = "File"
		if about == "" {
			about = f.Name
		}
	}
	if about == "" {
		return noun
	}
	return noun + ": " + isolate(about)
}

// isolate returns a name for a place within a text. One that is not written from left to
// right alone does not change the order of what stands around it.
func isolate(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r >= 0x590 }) {
		return name
	}
	return "\u2068" + strings.Map(func(r rune) rune {
		if r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, name) + "\u2069"
}

// topic returns the Topic of a tag's pushes: one that waits at the push service is replaced
// by the next. The push service learns neither the chat nor that two people are in one.
func topic(sub *chat.Subscription, tag string) string {
	h := hmac.New(sha256.New, []byte(sub.Auth))
	h.Write([]byte(tag))
	return base64.RawURLEncoding.EncodeToString(h.Sum(nil)[:24])
}

func encode(v Payload) []byte {
	v.WebPush, v.Mutable = declarative, true
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // has nothing that JSON lacks
	return bytes.TrimSpace(b.Bytes())
}
