package wire

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"parley/chat"
)

// docs/protocol.md names every field, event, signal and close code, so that a client can be
// written from it alone. A test of package server compares the error codes.
func TestProtocolIsComplete(t *testing.T) {
	b, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	var names []string
	for _, of := range []any{Command{}, Reply{}, Hello{}, HelloPart{}, Limits{}, Rate{}, Posted{}, History{}, Pong{}, Signal{}, chat.Event{}, chat.Message{}, chat.Reaction{}, chat.Quote{}, chat.File{}, chat.Chat{}, chat.Mine{}, chat.Settings{}, chat.User{}, chat.Error{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(of)) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				names = append(names, name)
			}
		}
	}
	for _, name := range names {
		if !hasWord(page, name) {
			t.Errorf("no word of the field %s", name)
		}
	}
	quoted := slices.Concat(kinds, signals, []string{JSON.Protocol, MsgPack.Protocol})
	for _, name := range quoted {
		if !strings.Contains(page, "| `"+name+"` |") {
			t.Errorf("no row for %s", name)
		}
	}
	for _, code := range []int{CloseRestarting, CloseTooSlow, CloseSilent, CloseFeedLost, CloseOverLimit, CloseProtocol, CloseSessionEnded, CloseRefused} {
		if !strings.Contains(page, "\n| "+strconv.Itoa(code)+" |") {
			t.Errorf("no row for close code %d", code)
		}
	}
}

// docs/socketio.md shows the example client as it is, and the names that are Socket.IO's alone.
func TestSocketIOPage(t *testing.T) {
	page, err := os.ReadFile("../docs/socketio.md")
	if err != nil {
		t.Fatal(err)
	}
	client, err := os.ReadFile("../examples/socketio/client.js")
	if err != nil || !strings.Contains(string(page), "```js\n"+string(client)+"```\n") {
		t.Errorf("examples/socketio/client.js is not on the page: %v", err)
	}
	for _, name := range append([]string{EventHello, EventFailed}, ConnectFields...) {
		if !hasWord(string(page), name) {
			t.Errorf("no word of %s", name)
		}
	}
}

// hasWord reports whether the page contains name as a whole word.
func hasWord(page, name string) bool {
	return slices.Contains(strings.FieldsFunc(page, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	}), name)
}

// The messages of the example conversation are valid: those of the client decode, and
// those of the server have the fields of the structs and no others.
func TestProtocolExamples(t *testing.T) {
	b, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	sent, got := 0, 0
	for line := range strings.Lines(string(b)) {
		if v, ok := strings.CutPrefix(line, "> {"); ok {
			sent++
			if cmd, _, err := JSON.Next([]byte("{" + v)); err != nil || cmd.Do == "" {
				t.Errorf("%s: %v", line, err)
			}
		}
		v, ok := strings.CutPrefix(line, "< ")
		if !ok {
			continue
		}
		got++
		var into any = &Signal{}
		switch {
		case strings.HasPrefix(v, `{"event"`):
			into = &chat.Event{}
		case strings.HasPrefix(v, `{"re":1,`):
			into = &struct {
				Re uint64 `json:"re"`
				OK Hello  `json:"ok"`
			}{}
		case strings.HasPrefix(v, `{"re"`):
			into = &struct {
				Re    uint64     `json:"re"`
				OK    Posted     `json:"ok"`
				Error chat.Error `json:"error"`
			}{}
		}
		d := json.NewDecoder(strings.NewReader(v))
		d.DisallowUnknownFields()
		if err := d.Decode(into); err != nil {
			t.Errorf("%s: %v", line, err)
		}
	}
	if sent < 8 || got < 10 {
		t.Errorf("found %d sent and %d received values", sent, got)
	}
}
