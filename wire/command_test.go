package wire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/tinylib/msgp/msgp"

	"parley/chat"
)

// pack returns a MessagePack map of the pairs; a []byte is inserted unencoded.
func pack(pairs ...any) []byte {
	b := msgp.AppendMapHeader(nil, uint32(len(pairs)/2))
	for _, x := range pairs {
		if raw, ok := x.([]byte); ok {
			b = append(b, raw...)
			continue
		}
		var err error
		if b, err = msgp.AppendIntf(b, x); err != nil {
			panic(err)
		}
	}
	return b
}

// The error names the field that has a wrong type, the id is set (it comes last here), and
// the next command can be read.
func TestWrongTypes(t *testing.T) {
	id := []any{"id", 7}
	bin := msgp.AppendBytes(nil, []byte("text"))
	bad := []byte{0xa2, 0xc3, 0x28} // a str of two bytes that are no UTF-8
	for _, x := range []struct {
		field  string
		json   string // the value of the field in JSON, "" for none
		packed any
	}{
		{"do", `["post"]`, []any{"post"}},
		{"do", `5`, 5},
		{"token", `true`, true},
		{"epoch", `1.5`, 1.5},
		{"more", `"yes"`, "yes"},
		{"more", `1`, 1},
		{"chatId", `{"$ne":""}`, map[string]any{"$ne": ""}}, // an operator where a string belongs
		{"chatId", `["a"]`, []any{"a"}},
		{"chatId", ``, bin},
		{"clientId", `7`, 7},
		{"clientId", `""`, ""},
		{"text", `{}`, map[string]any{}},
		{"text", ``, bin},
		{"text", ``, bad},
		{"text", `"\ud800"`, bad}, // half a surrogate pair
		{"chatIds", `["\uDC00"]`, append([]byte{0x91}, bad...)},
		{"seen", `{"\ud83c\ud83c":1}`, append(append([]byte{0x81}, bad...), 1)},
		{"text", ``, []byte{0xd4, 1, 1}}, // an extension
		{"replyTo", `-1`, -1},
		{"replyTo", `-100`, []byte{0xd0, 0x9c}},
		{"target", `1.0`, float32(1)},
		{"target", `1e3`, 1e3},
		{"seq", `"1"`, "1"},
		{"seq", `18446744073709551616`, 1.8446744073709552e19},
		{"seq", ``, math.NaN()},
		{"emoji", `128077`, 128077},
		{"on", `0`, 0},
		{"on", `"true"`, "true"},
		{"chatIds", `"a"`, "a"},
		{"chatIds", `{"a":"b"}`, map[string]any{"a": "b"}},
		{"chatIds", `["a",null]`, []any{"a", nil}},
		{"chatIds", `["a",["b"]]`, []any{"a", []any{"b"}}},
		{"chatIds", ``, append([]byte{0x91}, bad...)},
		{"files", `"a"`, "a"},
		{"files", `["a",7]`, []any{"a", 7}},
		{"files", `[{"id":"a"}]`, []any{map[string]any{"id": "a"}}},
		{"files", ``, append([]byte{0x91}, bad...)},
		{"alts", `["a"]`, []any{"a"}},
		{"alts", `"a"`, "a"},
		{"alts", `{"a":7}`, map[string]any{"a": 7}},
		{"alts", `{"a":null}`, map[string]any{"a": nil}},
		{"alts", `{"a":{"b":"c"}}`, map[string]any{"a": map[string]any{"b": "c"}}},
		{"alts", ``, append(append([]byte{0x81}, bad...), 0xa1, 'x')},
		{"alts", ``, append([]byte{0x81, 0xa1, 'a'}, bad...)},
		{"alts", ``, []byte{0x81, 1, 0xa1, 'x'}},
		{"seen", `[]`, []any{}},
		{"seen", `"a"`, "a"},
		{"seen", `{"a":-1}`, map[string]any{"a": -1}},
		{"seen", `{"a":{"b":1}}`, map[string]any{"a": map[string]any{"b": 1}}},
		{"seen", `{"a":null}`, map[string]any{"a": nil}},
		{"seen", ``, append(append([]byte{0x81}, bad...), 1)},
		{"seen", ``, []byte{0x81, 1, 1}},
		{"at", `[]`, []any{}},
		{"at", `1767268800000`, 1767268800000},
		{"at", `{"a":-1}`, map[string]any{"a": -1}},
		{"at", `{"a":"1767268800000"}`, map[string]any{"a": "1767268800000"}},
		{"at", `{"a":1767268800000.5}`, map[string]any{"a": 1767268800000.5}},
		{"at", `{"a":9223372036854775808}`, map[string]any{"a": uint64(1 << 63)}},
		{"at", `{"a":18446744073709551615}`, map[string]any{"a": uint64(math.MaxUint64)}},
		{"at", `{"a":true}`, map[string]any{"a": true}},
		{"at", `{"a":null}`, map[string]any{"a": nil}},
		{"at", ``, append(append([]byte{0x81}, bad...), 1)},
		{"at", ``, []byte{0x81, 1, 1}},
		{"limit", `"50"`, "50"},
		{"limit", `9223372036854775808`, uint64(1 << 63)},
		{"before", `-9223372036854775809`, 1e300},
		{"after", `[]`, []any{}},
		{"around", `false`, false},
	} {
		messages := map[*Codec][]byte{MsgPack: append(pack(append([]any{x.field, x.packed}, id...)...), pack(id...)...)}
		if x.json != "" {
			messages[JSON] = fmt.Appendf(nil, "{\"%s\": %s, \"id\": 7}\n{\"id\": 7}", x.field, x.json)
		}
		for c, m := range messages {
			cmd, rest, err := c.Next(m)
			var e *chat.Error
			if !errors.As(err, &e) || e.Code != chat.BadInput || e.Field != x.field || cmd.ID != 7 {
				t.Errorf("codec %s, %s %s %v: id %d, %v", c.Protocol, x.field, x.json, x.packed, cmd.ID, err)
			}
			if cmd, rest, err = c.Next(rest); err != nil || len(rest) > 0 || cmd.ID != 7 {
				t.Errorf("codec %s, after %s %s: %+v %v", c.Protocol, x.field, x.json, cmd, err)
			}
		}
	}
}

func TestWrongID(t *testing.T) {
	for c, m := range map[*Codec][]byte{JSON: []byte(`{"do":"ping","id":-7}`), MsgPack: pack("do", "ping", "id", -7)} {
		cmd, _, err := c.Next(m)
		var e *chat.Error
		if !errors.As(err, &e) || e.Field != "id" || cmd.ID != 0 || cmd.Do != "ping" {
			t.Errorf("codec %s: %+v %v", c.Protocol, cmd, err)
		}
	}
}

func TestCommandMustBeMap(t *testing.T) {
	for c, list := range map[*Codec][]string{JSON: {`5`, `null`, `"post"`, `[1]`, `true`}, MsgPack: {"\x05", "\xc0", "\xa4post", "\x91\x01", "\xc3", "\x81\x01\x01", "\xc4\x00"}} {
		for _, m := range list {
			_, rest, err := c.Next([]byte(m))
			if !chat.Is(err, chat.BadInput) || len(rest) > 0 {
				t.Errorf("codec %s, %q: %v", c.Protocol, m, err)
			}
		}
	}
}

// Unknown fields of any type are ignored, null means absent, names are compared exactly,
// and the last of several fields wins.
func TestLenientFields(t *testing.T) {
	deep := map[string]any{"a": []any{map[string]any{"b": []any{1.5, nil, "x", true}}}}
	for c, m := range map[*Codec][]byte{
		JSON:    []byte(`{"Do":"edit","new":{"a":[{"b":[1.5,null,"}\"",true]}]},"do":"edit","text":null,"seen":{"a":1},"seen":{"b":2},"do":"post","Text":"x","id":7,"id":null}`),
		MsgPack: pack("Do", "edit", "new", deep, "bin", []byte{0xc4, 1, 9}, "do", "edit", "text", nil, "seen", map[string]any{"a": 1}, "seen", map[string]any{"b": 2}, "do", "post", "Text", "x", "id", 7, "id", nil),
	} {
		cmd, rest, err := c.Next(m)
		if err != nil || len(rest) > 0 || cmd.ID != 7 || cmd.Do != "post" || cmd.Text != "" || len(cmd.Seen) != 1 || cmd.Seen["b"] != 2 {
			t.Errorf("codec %s: %+v %v", c.Protocol, cmd, err)
		}
	}
}

// Every integer width of MessagePack is accepted.
func TestIntegerWidths(t *testing.T) {
	for _, b := range [][]byte{{7}, {0xcc, 7}, {0xcd, 0, 7}, {0xce, 0, 0, 0, 7}, {0xcf, 0, 0, 0, 0, 0, 0, 0, 7}, {0xd0, 7}, {0xd1, 0, 7}, {0xd2, 0, 0, 0, 7}, {0xd3, 0, 0, 0, 0, 0, 0, 0, 7}} {
		cmd, _, err := MsgPack.Next(pack("seq", b, "limit", b))
		if err != nil || cmd.Seq != 7 || *cmd.Limit != 7 {
			t.Errorf("%x: %+v %v", b, cmd, err)
		}
	}
	for _, b := range [][]byte{{0xf9}, {0xd0, 0xf9}, {0xd1, 0xff, 0xf9}, {0xd2, 0xff, 0xff, 0xff, 0xf9}, {0xd3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf9}} {
		cmd, _, err := MsgPack.Next(pack("limit", b))
		if err != nil || *cmd.Limit != -7 {
			t.Errorf("%x: %+v %v", b, cmd, err)
		}
	}
	cmd, _, err := JSON.Next([]byte(`{"seq":18446744073709551615,"limit":-9223372036854775808,"after":-0}`))
	if err != nil || cmd.Seq != math.MaxUint64 || *cmd.Limit != math.MinInt64 || *cmd.After != 0 {
		t.Errorf("%+v %v", cmd, err)
	}
}

func TestBounds(t *testing.T) {
	for _, c := range native {
		cmd := Command{Seen: map[chat.ChatID]chat.Seq{}}
		for i := range MaxSeen + 1 {
			cmd.Seen[chat.ChatID(fmt.Sprint("c", i))] = 1
		}
		wantField(t, c, cmd, "seen")
		delete(cmd.Seen, "c0")
		wantField(t, c, cmd, "")
		cmd = Command{At: map[chat.ChatID]int64{}}
		for i := range MaxSeen + 1 {
			cmd.At[chat.ChatID(fmt.Sprint("c", i))] = noon
		}
		wantField(t, c, cmd, "at")
		delete(cmd.At, "c0")
		wantField(t, c, cmd, "")
		cmd = Command{ChatIDs: make([]chat.ChatID, MaxChatIDs+1)}
		wantField(t, c, cmd, "chatIds")
		cmd.ChatIDs = cmd.ChatIDs[1:]
		wantField(t, c, cmd, "")
		cmd = Command{Files: make([]chat.FileID, MaxFileIDs+1)}
		wantField(t, c, cmd, "files")
		cmd.Files = cmd.Files[1:]
		wantField(t, c, cmd, "")
		cmd = Command{Alts: map[chat.FileID]string{}}
		for i := range MaxFileIDs + 1 {
			cmd.Alts[chat.FileID(fmt.Sprint("f", i))] = "x"
		}
		wantField(t, c, cmd, "alts")
		delete(cmd.Alts, "f0")
		wantField(t, c, cmd, "")
	}
}

func wantField(t *testing.T, c *Codec, cmd Command, field string) {
	t.Helper()
	_, _, err := c.Next(c.Encode(cmd))
	var e *chat.Error
	if errors.As(err, &e); (field == "" && err != nil) || (field != "" && (e == nil || e.Field != field)) {
		t.Errorf("codec %s: want an error for %q, got %v", c.Protocol, field, err)
	}
}

func TestMalformed(t *testing.T) {
	post := MsgPack.Encode(commands["command-post"])
	packed := [][]byte{
		{0xc1}, {0xd6}, {0xc7}, {0xd9}, {0x81}, {0x81, 0xa2, 'i'}, {0xdc}, {0xde, 0},
		{0xdd, 0xff, 0xff, 0xff, 0xff}, {0xdf, 0xff, 0xff, 0xff, 0xff}, {0xdb, 0xff, 0xff, 0xff, 0xff}, {0xc6, 0xff, 0xff, 0xff, 0xff, 0}, {0xc9, 0xff, 0xff, 0xff, 0xff, 1},
		bytes.Repeat([]byte{0x91}, 32<<10), bytes.Repeat([]byte{0x81, 0xa1, 'a'}, 32<<10),
		pack("x", append(bytes.Repeat([]byte{0x91}, maxDepth), 0xc0)),
	}
	for n := range post {
		packed = append(packed, post[:n])
	}
	// A header that claims a million members, in a map with a known field.
	packed = append(packed, binary.BigEndian.AppendUint32(append([]byte{0x81}, "\xa4seen\xdf"...), 1_000_000))
	lines := [][]byte{
		{}, []byte("\n \r\n"), []byte("{"), []byte(`{"id":1}}`), []byte(`{"id":1}{"id":2}`), []byte(`{"id":01}`), []byte(`{'id':1}`), []byte(`{"text":"a` + "\x01" + `"}`),
		[]byte("{\"text\":\"\xc3\x28\"}"), []byte("\xef\xbb\xbf{}"), []byte("{\"id\":\n1}"), []byte(`{"text":"\`), []byte(`"`), []byte(`{"id":NaN}`),
		bytes.Repeat([]byte{'['}, 32<<10), []byte(`{"x":` + strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth) + `}`),
	}
	for c, list := range map[*Codec][][]byte{MsgPack: packed, JSON: lines} {
		for _, m := range list {
			cmd, rest, err := c.Next(m)
			if !errors.Is(err, ErrMalformed) || rest != nil || cmd.Do != "" {
				t.Errorf("codec %s, %.40q: %+v, %d left, %v", c.Protocol, m, cmd, len(rest), err)
			}
		}
	}
}

// White space is accepted wherever JSON allows it.
func TestJSONSpaces(t *testing.T) {
	cmd, rest, err := JSON.Next([]byte(" \t{ \"id\" : 7 , \"chatIds\" : [ \"a\" ,\t\"b\" ] , \"seen\" : { } , \"more\" : true \r}\r\n { } "))
	if err != nil || cmd.ID != 7 || len(cmd.ChatIDs) != 2 || cmd.Seen == nil || !cmd.More {
		t.Errorf("%+v %v", cmd, err)
	}
	if cmd, rest, err = JSON.Next(rest); err != nil || len(rest) > 0 || cmd.ID != 0 {
		t.Errorf("%+v %q %v", cmd, rest, err)
	}
}

// maxDepth is accepted; TestMalformed has what is too deep. Brackets in a string do not
// count.
func TestMaxDepth(t *testing.T) {
	n := maxDepth - 1
	for c, m := range map[*Codec][]byte{
		JSON:    []byte(`{"id":7,"x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `,"y":"[[[[[[[[[[\"[["}`),
		MsgPack: pack("id", 7, "x", append(bytes.Repeat([]byte{0x91}, n), 0xc0)),
	} {
		if cmd, _, err := c.Next(m); err != nil || cmd.ID != 7 {
			t.Errorf("codec %s: %+v %v", c.Protocol, cmd, err)
		}
	}
}

// No memory is allocated for a length that a header only claims: allocation depends on the
// size of the message.
func TestNoAllocationForClaimedLengths(t *testing.T) {
	for name, m := range map[string][]byte{
		"list": {0xdd, 0xff, 0xff, 0xff, 0xff}, "map": {0xdf, 0xff, 0xff, 0xff, 0xff}, "str": {0xdb, 0xff, 0xff, 0xff, 0xff},
		"deep": bytes.Repeat([]byte{0x91}, 128<<10),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range 100 {
			_, _, _ = MsgPack.Next(m)
		}
		runtime.ReadMemStats(&after)
		if n := (after.TotalAlloc - before.TotalAlloc) / 100; n > 4096 {
			t.Errorf("%s: %d bytes for a message of %d", name, n, len(m))
		}
	}
}

// No error message quotes the sender's bytes.
func TestErrorsDoNotQuoteInput(t *testing.T) {
	for c, list := range map[*Codec][]string{JSON: {`{"text":["hunter2"]}`, `{"text":hunter2}`, `{"hunter2`}, MsgPack: {string(pack("seen", map[string]any{"hunter2": "hunter2"}))}} {
		for _, m := range list {
			if _, _, err := c.Next([]byte(m)); err == nil || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%q: %v", m, err)
			}
		}
	}
}
