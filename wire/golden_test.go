package wire

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/tinylib/msgp/msgp"
	"parley/chat"
)

var update = flag.Bool("update", false, "write the golden files anew")

// testdata contains each example twice: NAME.json is the value in JSON, NAME.hex the same
// value in MessagePack. The web client's tests read the same files, so neither side can
// change alone.
func TestGolden(t *testing.T) {
	for name, v := range everything() {
		inJSON, inMsgPack := JSON.Encode(v), MsgPack.Encode(v)
		hexed := append([]byte(hex.EncodeToString(inMsgPack)), '\n')
		if *update {
			write(t, name+".json", inJSON)
			write(t, name+".hex", hexed)
		}
		if want := read(t, name+".json"); !bytes.Equal(inJSON, want) {
			t.Errorf("%s in JSON\n got %s\nwant %s", name, inJSON, want)
		}
		if want := read(t, name+".hex"); !bytes.Equal(hexed, want) {
			t.Errorf("%s in MessagePack\n got %s\nwant %s", name, hexed, want)
		}
	}
	files, err := filepath.Glob("testdata/*.*")
	if err != nil || len(files) != 2*len(everything()) {
		t.Errorf("testdata holds %d files for %d examples (%v)", len(files), len(everything()), err)
	}
}

// Both codecs write the same fields, and none is null.
func TestCodecsAgree(t *testing.T) {
	for name, v := range everything() {
		var a any
		d := json.NewDecoder(bytes.NewReader(read(t, name+".json")))
		d.UseNumber()
		if err := d.Decode(&a); err != nil {
			t.Fatal(name, err)
		}
		b, rest, err := msgp.ReadIntfBytes(unhex(t, name))
		if err != nil || len(rest) > 0 {
			t.Fatal(name, err, len(rest))
		}
		if a, b := normalized(t, name, a), normalized(t, name, b); !reflect.DeepEqual(a, b) {
			t.Errorf("%s (%T) differs\n   JSON %v\nMsgPack %v", name, v, a, b)
		}
	}
}

func TestCommandsDecode(t *testing.T) {
	for name, want := range commands {
		for c, b := range map[*Codec][]byte{JSON: read(t, name+".json"), MsgPack: unhex(t, name)} {
			got, rest, err := c.Next(b)
			if err != nil || len(rest) > 0 || !reflect.DeepEqual(got, want) {
				t.Errorf("%s by codec %s: %v, %d bytes left\n got %+v\nwant %+v", name, c.Protocol, err, len(rest), got, want)
			}
		}
	}
}

// Every kind of event and signal has an example. A test of package session requires one for
// each command.
func TestExamplesComplete(t *testing.T) {
	have := map[string]bool{}
	for _, v := range everything() {
		switch v := v.(type) {
		case chat.Event:
			have[string(v.Kind)] = true
		case Signal:
			have[v.Signal] = true
		}
	}
	for _, name := range slices.Concat(kinds, signals) {
		if !have[name] {
			t.Errorf("no example of %s", name)
		}
	}
}

var (
	kinds = func() (names []string) {
		for _, k := range chat.Kinds() {
			names = append(names, string(k))
		}
		return names
	}()
	signals = []string{string(chat.SignalTyping), string(chat.SignalRead), string(chat.SignalPresence), string(chat.SignalUser), string(chat.SignalMine), string(chat.SignalSettings),
		SignalChat, SignalReset, SignalCaughtUp}
)

func everything() map[string]any {
	all := maps.Clone(values)
	for name, cmd := range commands {
		all[name] = cmd
	}
	return all
}

// normalized converts the numbers of both decoders to one type, and fails for null.
func normalized(t *testing.T, name string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = normalized(t, name+"."+k, x)
		}
	case []any:
		for i, x := range v {
			v[i] = normalized(t, name, x)
		}
	case json.Number:
		n, err := v.Int64()
		if err != nil {
			t.Errorf("%s is not an integer: %v", name, err)
		}
		return n
	case uint64:
		return int64(v)
	case nil:
		t.Errorf("%s is null", name)
	}
	return v
}

func read(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func unhex(t *testing.T, name string) []byte {
	t.Helper()
	b, err := hex.DecodeString(string(bytes.TrimSpace(read(t, name+".hex"))))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join("testdata", name), b, 0o644); err != nil {
		t.Fatal(err)
	}
}
