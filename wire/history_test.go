package wire

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/shamaton/msgpack/v2"

	"parley/chat"
)

// The encoder writes the same bytes as reflection, for random pages.
func TestHistoryEqualsReflection(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		h := History{Messages: []chat.Message{}, Users: []chat.User{}, Head: chat.Seq(anyNumber(r)), MoreBefore: r.IntN(2) == 0, MoreAfter: r.IntN(2) == 0}
		for range r.IntN(20) {
			h.Messages = append(h.Messages, anyMessage(r))
		}
		for range r.IntN(20) {
			h.Users = append(h.Users, chat.User{ID: chat.UserID(anyText(r)), Handle: anyText(r), Name: anyText(r), Status: anyText(r), Role: chat.RoleAdmin, Active: r.IntN(2) == 0})
		}
		var inJSON, inMsgPack bytes.Buffer
		e := json.NewEncoder(&inJSON)
		e.SetEscapeHTML(false)
		if err := e.Encode(h); err != nil {
			t.Fatal(err)
		}
		if err := msgpack.MarshalWriteAsMap(&inMsgPack, h); err != nil {
			t.Fatal(err)
		}
		if got := JSON.Encode(h); !bytes.Equal(got, inJSON.Bytes()) {
			t.Fatalf("JSON\n got %s\nwant %s", got, inJSON.Bytes())
		}
		if got := MsgPack.Encode(h); !bytes.Equal(got, inMsgPack.Bytes()) {
			t.Fatalf("MessagePack\n got %x\nwant %x", got, inMsgPack.Bytes())
		}
	}
}

// allPlain agrees with the table of classes: for each byte at each position, beside a
// plain, a high and an escaped one.
func TestAllPlain(t *testing.T) {
	for c := range 256 {
		for at := range 8 {
			for _, beside := range []byte{'a', ' ', 0x7f, 0x80, 0xff, 0, '"'} {
				b := bytes.Repeat([]byte{beside}, 8)
				b[at] = byte(c)
				if got, want := allPlain(string(b)), classes[c]|classes[beside] == 0; got != want {
					t.Fatalf("%q: %v", b, got)
				}
			}
		}
	}
}

func anyMessage(r *rand.Rand) chat.Message {
	m := chat.Message{ChatID: chat.ChatID(anyText(r)), Seq: chat.Seq(anyNumber(r)), At: int64(anyNumber(r)), By: chat.UserID(anyText(r)), ClientID: anyText(r), Text: anyText(r)}
	if r.IntN(3) == 0 {
		m.Reply = &chat.Quote{Seq: chat.Seq(anyNumber(r)), By: chat.UserID(anyText(r)), Text: anyText(r), Files: r.IntN(3)}
	}
	if r.IntN(3) == 0 {
		m.EditedAt, m.DeletedAt = int64(anyNumber(r)), int64(anyNumber(r))
	}
	for range r.IntN(3) {
		m.Mentions = append(m.Mentions, chat.UserID(anyText(r)))
		f := chat.File{ID: chat.FileID(anyText(r)), Name: anyText(r), Type: anyText(r), Size: int64(anyNumber(r)), Thumb: r.IntN(2) == 0}
		if r.IntN(2) == 0 {
			f.Alt = anyText(r)
			f.Width, f.Height, f.DurationMs = int(anyNumber(r)), int(anyNumber(r)), int64(anyNumber(r))
		}
		m.Files = append(m.Files, f)
		x := chat.Reaction{Emoji: anyText(r), Count: r.IntN(1000), Mine: r.IntN(2) == 0, By: []chat.UserID{}}
		for range r.IntN(20) {
			x.By = append(x.By, chat.UserID(anyText(r)))
		}
		m.Reactions = append(m.Reactions, x)
	}
	return m
}

// anyNumber returns a number of random size: each size has an encoding of its own.
func anyNumber(r *rand.Rand) uint64 { return r.Uint64() >> (1 + r.IntN(63)) }

func anyText(r *rand.Rand) string {
	pieces := []string{"a", "Zoë", "\"", "\\", "\n", "\x00", "\x1f", "\x7f", "<&>", "\u2028", "\u2029", "…", "🍜", "\xff", "\xe2\x80", strings.Repeat("long ", 50)}
	var s strings.Builder
	for range r.IntN(6) {
		s.WriteString(pieces[r.IntN(len(pieces))])
	}
	return s.String()
}
