package wire

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/shamaton/msgpack/v2"
	"parley/chat"
)

// native are the codecs that are WebSocket subprotocols.
var native = []*Codec{MsgPack, JSON}

// shamaton's MarshalAsMap counts all fields of a struct when it sizes the map, and only
// the written ones when it writes: an Event of 20 fields, of which 8 are written, fails.
// Once this test fails, Append may use MarshalAsMap.
func TestMarshalAsMapFailsForEvents(t *testing.T) {
	if _, err := msgpack.MarshalAsMap(values["event-posted"]); err == nil {
		t.Error("MarshalAsMap can encode an event now")
	}
}

func TestForProtocol(t *testing.T) {
	for name, want := range map[string]*Codec{MsgPack.Protocol: MsgPack, JSON.Protocol: JSON, "": JSON} {
		if got := ForProtocol(name); got != want {
			t.Errorf("%q: %s", name, got.Protocol)
		}
	}
}

func TestAppendKeepsDst(t *testing.T) {
	for _, c := range native {
		b, err := c.Append([]byte("before"), Changed{Seq: 1})
		if err != nil || string(b) != "before"+string(c.Encode(Changed{Seq: 1})) {
			t.Errorf("codec %s: %q %v", c.Protocol, b, err)
		}
		// The text is long enough to leave the encoder's own buffer before it fails.
		b, err = c.Append([]byte("before"), struct {
			Text string
			F    func()
		}{strings.Repeat("x", 1000), func() {}})
		if err == nil || string(b) != "before" {
			t.Errorf("codec %s after an error: %q %v", c.Protocol, b, err)
		}
	}
}

// Encode returns a slice that shares no memory and has no spare capacity: the hub keeps
// many of them.
func TestEncodeSharesNoMemory(t *testing.T) {
	for _, c := range native {
		first := c.Encode(Changed{Seq: 1})
		want := string(first)
		for range 100 {
			c.Encode(Changed{Seq: 2})
		}
		if string(first) != want {
			t.Errorf("codec %s: %q became %q", c.Protocol, want, first)
		}
		if event := c.Encode(values["event-posted"]); cap(event) > len(event)*5/4 {
			t.Errorf("codec %s: %d bytes in a slice for %d", c.Protocol, len(event), cap(event))
		}
	}
}

func TestNoHTMLEscapes(t *testing.T) {
	if got := string(JSON.Encode(chat.Event{Text: "<&>"})); !strings.Contains(got, `"<&>"`) || !strings.HasSuffix(got, "}\n") {
		t.Error(got)
	}
}

// A nil list that is not omitempty is written as [], also in a struct of another package
// and behind a pointer. The encoded value itself does not change.
func TestNilListsAreEmpty(t *testing.T) {
	type answer struct {
		Chats []chat.Chat `json:"chats" msgpack:"chats"`
		Next  string      `json:"next,omitempty" msgpack:"next,omitempty"`
		Maybe []string    `json:"maybe,omitempty" msgpack:"maybe,omitempty"`
	}
	h := &History{Head: 3}
	for want, v := range map[string]any{
		`{"chats":[]}`: answer{},
		`{"messages":[],"users":[],"head":3,"moreBefore":false,"moreAfter":false}`: h,
		`{"re":1,"ok":{"chats":[]}}`: &Reply{Re: 1, OK: &answer{}},
		`{"re":2,"ok":{}}`:           Reply{Re: 2},
	} {
		if got := string(JSON.Encode(v)); got != want+"\n" {
			t.Errorf("JSON %s, want %s", got, want)
		}
		inJSON, err := msgPackToJSON(MsgPack.Encode(v))
		if err != nil || string(inJSON) != want {
			t.Errorf("MsgPack %s %v, want %s", inJSON, err, want)
		}
	}
	if h.Messages != nil || h.Users != nil {
		t.Error("Append wrote into the value")
	}
}

func TestManyValues(t *testing.T) {
	want := []Command{commands["command-post"], commands["command-focus"], commands["command-ping"]}
	for _, c := range native {
		var message []byte
		for _, cmd := range want {
			message, _ = c.Append(message, cmd)
			if c == JSON {
				message = append(message, " \r\n\n"...)
			}
		}
		var got []Command
		for rest := message; len(rest) > 0; {
			var cmd Command
			var err error
			if cmd, rest, err = c.Next(rest); err != nil {
				t.Fatalf("codec %s: %v", c.Protocol, err)
			}
			got = append(got, cmd)
		}
		clear(message) // no decoded command may point into it
		if !reflect.DeepEqual(got, want) {
			t.Errorf("codec %s: %+v", c.Protocol, got)
		}
		if _, _, err := c.Next(nil); !errors.Is(err, ErrMalformed) {
			t.Errorf("codec %s: an empty message: %v", c.Protocol, err)
		}
	}
}

func TestCloseReason(t *testing.T) {
	long := strings.Repeat("ä", 100)
	for _, x := range []struct {
		text  string
		after time.Duration
		want  string
	}{
		{"restarting", 0, "restarting"},
		{"too many sockets", 1500 * time.Millisecond, "too many sockets retryAfterMs=1500"},
		{"soon", time.Microsecond, "soon retryAfterMs=1"},
		{long, 0, long[:122]}, // 123 would split a letter
		{long, time.Second, long[:104] + " retryAfterMs=1000"},
	} {
		if got := CloseReason(x.text, x.after); got != x.want || len(got) > 123 {
			t.Errorf("%q, %v: %q (%d bytes)", x.text, x.after, got, len(got))
		}
	}
}
