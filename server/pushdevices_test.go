package server

import (
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"parley/chat"
	"parley/internal/mongotest"
)

// device signs the client's user in on another device.
func (c *client) device() *client {
	c.server.t.Helper()
	d := c.server.anonymous()
	d.user, d.token = c.user, chat.NewSecret()
	var err error
	if d.session, err = c.server.store.CreateSession(c.server.t.Context(), c.user.ID, chat.NewSession{TokenHash: chat.SecretHash(d.token)}); err != nil {
		c.server.t.Fatal(err)
	}
	d.header.Set("Authorization", "Bearer "+d.token)
	return d
}

// told returns the devices that get a push for what post posts, in order of their names. The
// device witness must be one: pushes of a message are made together.
func (s *pushService) told(x *testServer, post func()) (devices []string) {
	s.t.Helper()
	post()
	name := func(p pushed) string { return strings.TrimPrefix(p.endpoint, "https://push.example.com/") }
	for {
		p := s.next()
		devices = append(devices, name(p))
		if name(p) == "witness" {
			break
		}
	}
	x.drained("the pushes of a message")
	for len(s.received) > 0 {
		devices = append(devices, name(<-s.received))
	}
	slices.Sort(devices)
	return devices
}

// Each device gets what its user wants to be told of, and that nobody has read yet, on both
// stores.
func TestPushDevices(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { pushDevices(t, filepath.Join(t.TempDir(), "parley.db")) })
	t.Run("mongo", func(t *testing.T) { pushDevices(t, mongotest.Start(t).URL("devices")) })
}

func pushDevices(t *testing.T, path string) {
	service := newPushService(t)
	x := startOn(t, path, func(c *Config) { c.push = service })
	ann := x.addUser("ann")
	users, phones, laptops := map[string]*client{}, map[string]*client{}, map[string]*client{}
	var all []*client
	for _, name := range []string{"idle", "active", "left", "muted", "reader", "closed", "none", "elsewhere"} {
		u := x.addUser(name)
		users[name], phones[name], laptops[name] = u, u, u.device()
		all = append(all, u)
		service.subscribe(phones[name], name+"-phone")
		service.subscribe(laptops[name], name+"-laptop")
	}
	witness := x.addUser("witness")
	service.subscribe(witness, "witness")
	id := ann.group(append(all, witness)...)
	messages := "/api/chats/" + string(id)
	laptops["idle"].connectLive() // nobody looks at it
	active := laptops["active"].connectLive()
	looks := func() { active.ask(m{"do": "focus", "chatIds": []chat.ChatID{id}}, nil) }
	laptops["left"].call("DELETE", "/api/sessions/current", nil).want(204)
	phones["muted"].call("PATCH", messages+"/mine", m{"mutedUntil": chat.MutedForEver}).want(200)
	phones["none"].call("PATCH", messages+"/mine", m{"level": "none"}).want(200)
	laptops["elsewhere"].call("DELETE", "/api/push/subscription", nil).want(204)
	expect := func(what string, got []string, want ...string) {
		t.Helper()
		want = append(want, "witness")
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s:\n%q, want\n%q", what, got, want)
		}
	}
	looks()
	expect("at first", service.told(x, func() { ann.post(id, "one") }), "idle-phone", "idle-laptop", "left-phone",
		"reader-phone", "reader-laptop", "closed-phone", "closed-laptop", "elsewhere-phone")

	// While the push services of one user fail, another device of theirs reads the message.
	var failing atomic.Bool
	failing.Store(true)
	service.answers(func(r *http.Request) (int, http.Header) {
		if failing.Load() && strings.HasPrefix(r.URL.Path, "/reader") {
			return 503, http.Header{"Retry-After": {"6"}}
		}
		return 201, nil
	})
	looks()
	expect("read meanwhile", service.told(x, func() {
		seq := ann.post(id, "two")
		var came []pushed
		for tries := 0; tries < 2; { // both devices were tried
			came = append(came, service.next())
			if strings.Contains(came[len(came)-1].endpoint, "reader") {
				tries++
			}
		}
		for _, p := range came {
			service.received <- p
		}
		laptops["reader"].call("PUT", messages+"/read", m{"seq": seq}).want(204)
		failing.Store(false)
	}), "idle-phone", "idle-laptop", "left-phone", "reader-phone", "reader-laptop", "closed-phone", "closed-laptop", "elsewhere-phone")

	// Settings and sessions are judged by the message.
	phones["muted"].call("PATCH", messages+"/mine", m{"mutedUntil": 0}).want(200)
	phones["left"].call("DELETE", "/api/sessions/current", nil).want(204)
	ann.call("DELETE", messages+"/members/"+string(users["closed"].user.ID), nil).want(204)
	service.subscribe(phones["elsewhere"], "elsewhere-new-phone")
	looks()
	expect("afterwards", service.told(x, func() { ann.post(id, "three") }), "idle-phone", "idle-laptop", "muted-phone", "muted-laptop",
		"reader-phone", "reader-laptop", "elsewhere-new-phone")
	if strings.Contains(x.logs.String(), "level=ERROR") {
		t.Errorf("the log: %s", x.logs.String())
	}
}
