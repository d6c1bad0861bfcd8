package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"parley/chat"
	"parley/wire"
)

const examplesPath = "../wire/testdata"

// examples has the fields of the examples of each kind of event and signal.
var examples = sync.OnceValues(func() (map[string]map[string]bool, error) {
	files, err := filepath.Glob(examplesPath + "/*.json")
	if err != nil {
		return nil, err
	}
	fields := map[string]map[string]bool{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		kind, names, err := fieldsOf(b)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if fields[kind] == nil {
			fields[kind] = map[string]bool{}
		}
		for _, name := range names {
			fields[kind][name] = true
		}
	}
	return fields, nil
})

// fieldsOf returns the kind of an event or signal, such as "event posted", and the names
// of its fields. The kind is "" for another value.
func fieldsOf(b []byte) (kind string, names []string, err error) {
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		return "", nil, err
	}
	for _, of := range []string{"event", "signal"} {
		if v[of] != nil {
			kind = fmt.Sprint(of, " ", v[of])
		}
	}
	return kind, slices.Collect(maps.Keys(v)), nil
}

// received has the fields of all events and signals that the tests received over sockets.
var received = struct {
	sync.Mutex
	fields map[string]map[string]bool // guarded by the mutex
}{fields: map[string]map[string]bool{}}

func noteValue(b []byte) {
	kind, names, err := fieldsOf(b)
	if err != nil || kind == "" {
		return
	}
	received.Lock()
	defer received.Unlock()
	if received.fields[kind] == nil {
		received.fields[kind] = map[string]bool{}
	}
	for _, name := range names {
		received.fields[kind][name] = true
	}
}

// exampled reports whether the examples have all fields that were received and, if all
// tests ran, no others.
func exampled() bool {
	want, err := examples()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return false
	}
	received.Lock()
	defer received.Unlock()
	ok := true
	report := func(kind, name, fault string) {
		ok = false
		fmt.Fprintf(os.Stderr, "%s: %s, field %s: %s\n", examplesPath, kind, name, fault)
	}
	for kind, names := range received.fields {
		for name := range names {
			if !want[kind][name] {
				report(kind, name, "no example has it")
			}
		}
	}
	if !ranAll() {
		return ok
	}
	for kind, names := range want {
		for name := range names {
			if kind != "" && !received.fields[kind][name] {
				report(kind, name, "no test received it")
			}
		}
	}
	return ok
}

// A member receives every kind of event that HTTP calls make, and on a replay the texts as
// they are now. exampled compares all of them with the examples.
func TestEventsOfEveryKindArrive(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t)
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.group()
			p := ann.connectLive(codec)
			of := "/api/chats/" + string(id)
			member := of + "/members/" + string(bob.user.ID)
			ann.call("PUT", member, m{"clientId": "1"}).want(204)
			ann.call("PUT", member, m{"clientId": "2", "role": "admin"}).want(204)
			ann.call("PATCH", of, m{"clientId": "3", "title": "Map"}).want(200)
			first := ann.post(id, "Where is teh map?")
			ann.call("POST", of+"/messages", m{"clientId": "4", "text": "@bob knows", "replyTo": first}).want(201)
			ann.call("PATCH", fmt.Sprint(of, "/messages/", first), m{"clientId": "5", "text": "Where is the map, @bob?"}).want(200)
			ann.call("PUT", fmt.Sprint(of, "/messages/", first, "/reactions/👍"), m{"clientId": "6"}).want(204)
			ann.call("DELETE", fmt.Sprint(of, "/messages/", first+1), m{"clientId": "7"}).want(204)
			ann.call("DELETE", member, m{"clientId": "8"}).want(204)
			kinds := []chat.Kind{chat.Joined, chat.RoleChanged, chat.Renamed, chat.Posted, chat.Posted, chat.Edited, chat.Reacted, chat.Deleted, chat.Left}
			for i, kind := range kinds {
				if v := p.event(id, chat.Seq(i+2)); v.Event != kind || v.ClientID == "" {
					t.Errorf("got %s, want %s with its clientId", v.raw, kind)
				}
			}
			again := ann.connect(codec)
			again.ask(m{"do": "resume", "epoch": again.hello.Epoch, "seen": m{string(id): 1}}, nil)
			if v := again.event(id, first); v.Text != "Where is the map, @bob?" {
				t.Errorf("replayed %s", v.raw)
			}
			again.signal(wire.SignalCaughtUp)
		})
	}
}
