package push

import (
	"encoding/json"
	"time"

	"parley/chat"
	"parley/internal/webpush"
)

// declarative is the value of web_push that marks Declarative Web Push.
const declarative = 8030

// timeToLive is how long a push service keeps a push for a browser that is offline.
const timeToLive = 24 * time.Hour

// Payload is the text of a push, as docs/protocol.md has it: the JSON of Declarative Web
// Push, which some browsers show without a service worker.
type Payload struct {
	WebPush      int           `json:"web_push"`
	Notification *Notification `json:"notification,omitempty"`
	AppBadge     int           `json:"app_badge"`
	Mutable      bool          `json:"mutable"` // the service worker, if there is one, may change it
	Data         *Data         `json:"data,omitempty"` // without a notification
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
	Read   []chat.ChatID `json:"read,omitempty"`  // chats whose notifications are to be closed
}

// Tags of notifications that are of no chat.
const (
	summaryTag = "summary"
	testTag    = "test"
)

// testPush returns the push that a user asked for.
func (p *Pushes) testPush() webpush.Push {
	return webpush.Push{TTL: time.Minute, Urgency: webpush.High, Text: encode(Payload{Notification: &Notification{
		Title: "Notifications work", Body: "This device will tell you about new messages.", Navigate: p.link("/me"), Tag: testTag}})}
}

// link returns the address of a place of the page; without a public URL it is relative.
func (p *Pushes) link(path string) string {
	if p.PublicURL == nil {
		return path
	}
	return p.PublicURL.Scheme + "://" + p.PublicURL.Host + path
}

func encode(v Payload) []byte {
	v.WebPush, v.Mutable = declarative, true
	text, _ := json.Marshal(v) // has nothing that JSON lacks
	return text
}
