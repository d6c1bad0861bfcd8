package e2e

import (
	"strings"
	"testing"

	"parley/internal/mongotest"
)

// A recovery link sets a new password and ends the earlier sessions.
func TestRecoverCommand(t *testing.T) {
	s := newTestServer(t)
	ann := s.createOwner("ann")
	event := "kind=recovery_created actor=operator target=" + string(ann.User.ID)
	for name, args := range map[string][]string{
		"running": {"recover", "@ann", "--store", s.store},
		"stopped": {"recover", "ann", "--store", s.store, "--listen", s.addr},
	} {
		if name == "stopped" {
			s.stop()
		}
		out, stderr, code := runParley(t, args...)
		prefix := s.url + "/#recover="
		if code != 0 || !strings.HasPrefix(out, prefix) {
			t.Fatalf("%s: exit %d, %q, %q", name, code, out, stderr)
		}
		if name == "stopped" {
			s.start()
			if !strings.Contains(stderr, event) { // no server could log it
				t.Errorf("no security event in %q", stderr)
			}
		}
		var in account
		s.mustCall(201, "", "POST", "/api/recoveries/use",
			map[string]any{"code": strings.TrimSpace(strings.TrimPrefix(out, prefix)), "password": "a new password"}, &in)
		if in.User.ID != ann.User.ID {
			t.Errorf("%s: the link is for %s", name, in.User.ID)
		}
		s.mustCall(401, ann.Token, "GET", "/api/me", nil, nil) // earlier sessions ended
		ann = &in
	}
	if _, stderr, code := runParley(t, "recover", "nobody", "--store", s.store); code != 1 || !strings.Contains(stderr, "nobody") {
		t.Errorf("an unknown handle: exit %d, %q", code, stderr)
	}
	if _, stderr, code := runParley(t, "owner-link", "--store", s.store); code != 1 || !strings.Contains(stderr, "owner") {
		t.Errorf("owner-link of a server that has an owner: exit %d, %q", code, stderr)
	}
	s.stop()
	if log := s.logText(); !strings.Contains(log, event) {
		t.Errorf("no security event in %s", log)
	}
}

// On MongoDB the commands open the store themselves, whether servers run or not.
func TestCommandsOnMongoDB(t *testing.T) {
	db := mongotest.Start(t)
	s := newMongoServer(t, db.URL("parley"))
	runCommand := func(args ...string) string {
		t.Helper()
		out, stderr, code := runParley(t, append(args, "--store", s.store, "--listen", s.addr)...)
		if code != 0 {
			t.Fatalf("%v: exit %d, %q", args, code, stderr)
		}
		return strings.TrimSpace(out)
	}
	before := runCommand("owner-link")
	s.start()
	t.Cleanup(s.kill)
	if now := runCommand("owner-link"); now != s.setup || before != s.setup {
		t.Errorf("the server shows %s, the command %s, and %s before", s.setup, now, before)
	}
	ann := s.createOwner("ann")
	for _, running := range []bool{true, false} {
		if !running {
			s.stop()
		}
		code, ok := strings.CutPrefix(runCommand("recover", "@ann"), s.url+"/#recover=")
		if !running {
			s.start()
		}
		var in account
		s.mustCall(201, "", "POST", "/api/recoveries/use", map[string]any{"code": code, "password": "a new password"}, &in)
		if !ok || in.User.ID != ann.User.ID {
			t.Errorf("running: %t, the link is for %s", running, in.User.ID)
		}
	}
	if _, stderr, code := runParley(t, "owner-link", "--store", s.store); code != 1 || !strings.Contains(stderr, "owner") {
		t.Errorf("owner-link of a server that has an owner: exit %d, %q", code, stderr)
	}
}
