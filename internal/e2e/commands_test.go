package e2e

import (
	"strings"
	"testing"

	"parley/internal/mongotest"
)

func TestRecoverLetsSomebodyBackIn(t *testing.T) {
	h := openHouse(t)
	ann := h.owner("ann")
	for name, args := range map[string][]string{
		"running": {"recover", "@ann", "--store", h.store},
		"stopped": {"recover", "ann", "--store", h.store, "--listen", h.addr},
	} {
		if name == "stopped" {
			h.stop()
		}
		out, stderr, code := parleySays(t, args...)
		prefix := h.url + "/#recover="
		if code != 0 || !strings.HasPrefix(out, prefix) {
			t.Fatalf("%s: exit %d, %q, %q", name, code, out, stderr)
		}
		if name == "stopped" {
			h.start()
		}
		var in person
		h.must(201, "", "POST", "/api/recoveries/use",
			map[string]any{"code": strings.TrimSpace(strings.TrimPrefix(out, prefix)), "password": "a new password"}, &in)
		if in.User.ID != ann.User.ID {
			t.Errorf("%s: the link let %s in", name, in.User.ID)
		}
		h.must(401, ann.Token, "GET", "/api/me", nil, nil) // earlier sessions ended
		ann = &in
	}
	if _, stderr, code := parleySays(t, "recover", "nobody", "--store", h.store); code != 1 || !strings.Contains(stderr, "nobody") {
		t.Errorf("an unknown handle: exit %d, %q", code, stderr)
	}
	if _, stderr, code := parleySays(t, "owner-link", "--store", h.store); code != 1 || !strings.Contains(stderr, "owner") {
		t.Errorf("owner-link of an owned server: exit %d, %q", code, stderr)
	}
}

// The commands need no socket file: they ask MongoDB, whether servers run or not.
func TestLinksFromMongoDB(t *testing.T) {
	db := mongotest.Start(t)
	h := hotel(t, db.URL("parley"))
	asks := func(words ...string) string {
		t.Helper()
		out, stderr, code := parleySays(t, append(words, "--store", h.store, "--listen", h.addr)...)
		if code != 0 {
			t.Fatalf("%v: exit %d, %q", words, code, stderr)
		}
		return strings.TrimSpace(out)
	}
	before := asks("owner-link")
	h.start()
	t.Cleanup(h.kill)
	if now := asks("owner-link"); now != h.setup || before != h.setup {
		t.Errorf("the server shows %s, the command %s, and %s before", h.setup, now, before)
	}
	ann := h.owner("ann")
	for _, running := range []bool{true, false} {
		if !running {
			h.stop()
		}
		code, ok := strings.CutPrefix(asks("recover", "@ann"), h.url+"/#recover=")
		if !running {
			h.start()
		}
		var in person
		h.must(201, "", "POST", "/api/recoveries/use", map[string]any{"code": code, "password": "a new password"}, &in)
		if !ok || in.User.ID != ann.User.ID {
			t.Errorf("running: %t, the link let %s in", running, in.User.ID)
		}
	}
	if _, stderr, code := parleySays(t, "owner-link", "--store", h.store); code != 1 || !strings.Contains(stderr, "owner") {
		t.Errorf("owner-link of an owned server: exit %d, %q", code, stderr)
	}
}
