package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"testing"
	"unicode/utf8"

	"parley/chat"
)

func seeds(f *testing.F, c *Codec) {
	for _, cmd := range commands {
		f.Add(c.Encode(cmd))
	}
	f.Add(append(c.Encode(commands["command-post"]), c.Encode(commands["command-ping"])...))
	for _, s := range []string{`{"id":7,"text":["x"]}`, `{"\u0069d":1,"seen":{"a":1,"a":2},"x":[[{}]]}`, "\xd6", "\xdd\xff\xff\xff\xff", "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"} {
		f.Add([]byte(s))
	}
}

func FuzzNextMsgPack(f *testing.F) {
	seeds(f, MsgPack)
	f.Fuzz(func(t *testing.T, message []byte) { decodeAll(t, MsgPack, message) })
}

func FuzzNextJSON(f *testing.F) {
	seeds(f, JSON)
	f.Fuzz(func(t *testing.T, message []byte) { decodeAll(t, JSON, message) })
}

// decodeAll decodes all commands of a message and checks the guarantees of Next. Each
// decoded command must survive a round trip through the other codec.
func decodeAll(t *testing.T, c *Codec, message []byte) {
	before := bytes.Clone(message)
	for rest := message; len(rest) > 0; {
		cmd, next, err := c.Next(rest)
		if len(next) >= len(rest) {
			t.Fatalf("no progress: %d of %d bytes left", len(next), len(rest))
		}
		rest = next
		var fault *chat.Error
		switch {
		case errors.Is(err, ErrMalformed):
			if next != nil {
				t.Fatal("a rest after malformed bytes")
			}
			return
		case errors.As(err, &fault):
			if fault.Code != chat.BadInput || !utf8.ValidString(fault.Field+fault.Message) {
				t.Fatal(fault)
			}
			continue
		case err != nil:
			t.Fatal(err)
		}
		if len(cmd.Seen) > MaxSeen || len(cmd.At) > MaxSeen || len(cmd.ChatIDs) > MaxChatIDs || len(cmd.Files) > MaxFileIDs || len(cmd.Alts) > MaxFileIDs || !utf8.ValidString(cmd.Text+cmd.Do+string(cmd.ChatID)) {
			t.Fatalf("out of bounds: %+v", cmd)
		}
		other := native[1-c.Index]
		again, left, err := other.Next(other.Encode(cmd))
		// An empty list and an absent one are the same on the wire.
		if len(cmd.Seen) == 0 {
			cmd.Seen, again.Seen = nil, nil
		}
		if len(cmd.ChatIDs) == 0 {
			cmd.ChatIDs, again.ChatIDs = nil, nil
		}
		if len(cmd.Files) == 0 {
			cmd.Files, again.Files = nil, nil
		}
		if len(cmd.Alts) == 0 {
			cmd.Alts, again.Alts = nil, nil
		}
		if err != nil || len(left) > 0 || !reflect.DeepEqual(again, cmd) {
			t.Fatalf("by the other codec: %v\n got %+v\nwant %+v", err, again, cmd)
		}
	}
	if !bytes.Equal(before, message) {
		t.Fatal("Next wrote into the message")
	}
}

// For any body, Unmarshal returns nil or a *chat.Error, and a body that is accepted as
// MessagePack is accepted as the equivalent JSON.
func FuzzUnmarshal(f *testing.F) {
	seeds(f, MsgPack)
	seeds(f, JSON)
	f.Add(pack("handle", "ann", "members", []any{"a"}, "inner", map[string]any{"code": "x"}, "ratio", 1e9, "uses", -1))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, c := range native {
			var v body
			err := c.Unmarshal(b, &v)
			var fault *chat.Error
			if err != nil && (!errors.As(err, &fault) || fault.Code != chat.BadInput || !utf8.ValidString(fault.Field+fault.Message)) {
				t.Fatal(err)
			}
			if c == JSON {
				continue
			}
			inJSON, terr := msgPackToJSON(b)
			if terr != nil {
				continue
			}
			var w body
			if jerr := JSON.Unmarshal(inJSON, &w); (jerr == nil) != (err == nil) || !reflect.DeepEqual(v, w) {
				t.Fatalf("%v and %v, %+v and %+v", err, jerr, v, w)
			}
		}
	})
}

// halfSurrogate finds exactly the strings in which encoding/json puts U+FFFD by itself.
func FuzzHalfSurrogate(f *testing.F) {
	for _, s := range []string{`"\ud83c\udf5c"`, `"\ud83c"`, `"\udf5c\ud83c"`, `"\\ud83c"`, `"\ud83c\\udf5c"`, `"\ud83c\u0041"`, `["\uD83C","\uDF5C"]`, `"\u00e9\n"`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v any
		if !utf8.Valid(b) || json.Unmarshal(b, &v) != nil {
			return
		}
		if bytes.Contains(b, []byte("\uFFFD")) || bytes.Contains(bytes.ToLower(b), []byte(`fffd`)) {
			return // the sender's own
		}
		decoded, _ := json.Marshal(v)
		if want := bytes.Contains(decoded, []byte("\uFFFD")); halfSurrogate(b) != want {
			t.Errorf("%s: %v", b, !want)
		}
	})
}
