// Package payload has what a push tells a browser, and how a message looks in it.
package payload

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"parley/chat"
	"parley/textrule"
)

const (
	// declarative is the value of web_push that marks Declarative Web Push.
	declarative = 8030

	maxBody = 600 // bytes of a message's text
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
	Chats  []chat.ChatID `json:"chats,omitempty"` // of a summary of at most 32: it is to be closed when all are read
	Read   []chat.ChatID `json:"read,omitempty"`  // chats whose notifications are to be closed
}

// Plural returns a number with a noun.
func Plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprint(n, " ", noun)
}

// Preview returns a message on one line, as it was written.
func Preview(ev *chat.Event) string {
	if text := strings.Join(strings.Fields(textrule.Cut(ev.Text, 2*maxBody)), " "); text != "" {
		return textrule.Cut(text, maxBody)
	}
	switch len(ev.Files) {
	case 0:
		return "New message"
	case 1:
	default:
		if slices.ContainsFunc(ev.Files, func(f chat.File) bool { return !strings.HasPrefix(f.Type, "image/") }) {
			return Plural(len(ev.Files), "file")
		}
		return Plural(len(ev.Files), "photo")
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
	return noun + ": " + Isolate(about)
}

// Isolate returns a name for a place within a text. One that is not written from left to
// right alone does not change the order of what stands around it.
func Isolate(name string) string {
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

// Encode returns the JSON of v, marked as Declarative Web Push.
func (v Payload) Encode() []byte {
	v.WebPush, v.Mutable = declarative, true
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(v) // has nothing that JSON lacks
	return bytes.TrimSpace(b.Bytes())
}
