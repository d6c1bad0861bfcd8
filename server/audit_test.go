package server

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
	"parley/server/audit"
	"parley/wire"
)

// line is a security event as the log has it.
type line struct{ kind, actor, target, outcome string }

var securityLine = regexp.MustCompile(`msg=security kind=(\S*) actor=(\S*) target=("[^"]*"|\S*) address=(\S*) outcome=(\S*) request=(\S*)`)

// security returns the security events in the log so far. It fails the test for one without
// an address, but the operator's.
func (x *testServer) security() (lines []line) {
	x.t.Helper()
	for _, f := range securityLine.FindAllStringSubmatch(x.logs.String(), -1) {
		clean := func(s string) string { return strings.Trim(s, `"`) }
		lines = append(lines, line{f[1], clean(f[2]), clean(f[3]), f[5]})
		if clean(f[4]) == "" && f[2] != audit.Operator {
			x.t.Errorf("no address in %s", f[0])
		}
	}
	return lines
}

// Each kind of security event is in the log, with who did what to whom and how it ended,
// over HTTP, sockets and the commands of the machine; no secret is.
func TestSecurityEvents(t *testing.T) {
	x := start(t)
	here, _ := url.Parse(x.url)
	control := x.s.Control(here).Handler()
	operator := func(path, body string) *answer {
		r := httptest.NewRequest("POST", "http://parley"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		control.ServeHTTP(w, r)
		return &answer{t, "POST " + path, w.Code, w.Header(), w.Body.Bytes()}
	}
	var secrets []string
	var want []line
	expect := func(kind audit.Kind, actor, target, outcome any) {
		t.Helper()
		want = append(want, line{string(kind), fmt.Sprint(actor), fmt.Sprint(target), fmt.Sprint(outcome)})
		got := x.security()
		if len(got) < len(want) || got[len(want)-1] != want[len(want)-1] {
			t.Fatalf("event %d: want %v, the log has %v", len(want), want[len(want)-1], got)
		}
	}
	secretOf := func(link string) string {
		_, code, _ := strings.Cut(link, "=")
		secrets = append(secrets, code)
		return code
	}

	var link api.Link
	operator("/owner-link", "").want(200).into(&link)
	secretOf(link.URL)
	expect(audit.OwnerLink, audit.Operator, "", "ok")
	owner := x.addOwner()
	file := filepath.Join(t.TempDir(), "copy.db")
	operator("/backup", fmt.Sprintf(`{"file": %q}`, file)).want(200)
	expect(audit.Backup, audit.Operator, "", "ok")

	guest := x.anonymous()
	var in api.SignInAnswer
	guest.call("POST", "/api/accounts", signUp("ann")).want(201).into(&in)
	secrets = append(secrets, in.Token)
	ann := in.User
	expect(audit.AccountCreated, ann.ID, ann.ID, "ok")
	guest.call("POST", "/api/accounts", signUp("ann")).wantError(chat.HandleTaken, "handle")
	expect(audit.AccountCreated, "", "", chat.HandleTaken)

	guest.call("POST", "/api/sessions", m{"handle": "ann", "password": "wrong horse"}).wantError(chat.BadCredentials, "")
	expect(audit.SignIn, "", "ann", chat.BadCredentials)
	guest.call("POST", "/api/sessions", m{"handle": "mistyped-password", "password": "x"}).wantError(chat.BadCredentials, "")
	expect(audit.SignIn, "", "", chat.BadCredentials)
	secrets = append(secrets, "mistyped-password", "wrong horse", password, "new password", "other password")
	var first, second api.SignInAnswer
	guest.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&first)
	expect(audit.SignIn, ann.ID, "ann", "ok")
	guest.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&second)
	expect(audit.SignIn, ann.ID, "ann", "ok")
	secrets = append(secrets, first.Token, second.Token)

	anns := x.anonymous()
	anns.header.Set("Authorization", "Bearer "+first.Token)
	anns.token = first.Token
	anns.call("DELETE", "/api/sessions/"+string(second.Session.ID), m{"password": "wrong horse"}).wantError(chat.WrongPassword, "password")
	expect(audit.SessionsEnded, ann.ID, second.Session.ID, chat.WrongPassword)
	anns.call("DELETE", "/api/sessions/"+string(second.Session.ID), m{"password": password}).want(204)
	expect(audit.SessionsEnded, ann.ID, second.Session.ID, "ok")
	anns.call("DELETE", "/api/sessions?except=current", m{"password": password}).want(204)
	expect(audit.SessionsEnded, ann.ID, "others", "ok")
	anns.call("PATCH", "/api/me", m{"password": "new password", "currentPassword": password}).want(200)
	expect(audit.PasswordChanged, ann.ID, ann.ID, "ok")

	// Sockets: hello, and commands without the right to them.
	room := owner.group()
	socket := anns.connect()
	expect(audit.Hello, ann.ID, first.Session.ID, "ok")
	socket.wantError(m{"do": "post", "chatId": room, "clientId": "1", "text": "secret text"}, chat.NotFound, "chatId")
	expect(audit.Refused, ann.ID, "post", chat.NotFound)
	socket.wantError(m{"do": "typing", "chatId": room}, chat.NotFound, "chatId")
	expect(audit.Refused, ann.ID, "typing", chat.NotFound)
	secrets = append(secrets, "secret text")
	stranger := x.anonymousSocket(wire.JSON)
	stranger.wantError(m{"do": "unknown-command"}, chat.NoIdentity, "")
	expect(audit.Refused, "", "", chat.NoIdentity)
	stranger.wantError(m{"do": "hello", "token": "no-such-token"}, chat.NoIdentity, "")
	expect(audit.Hello, "", "", chat.NoIdentity)
	secrets = append(secrets, "no-such-token", "unknown-command")

	// HTTP calls without the right to them.
	anns.call("PATCH", "/api/server", m{"name": "Mine"}).wantError(chat.Forbidden, "")
	expect(audit.Refused, ann.ID, "/api/server", chat.Forbidden)
	anns.call("GET", "/api/chats/"+string(room)+"/messages", nil).wantError(chat.NotFound, "chatId")
	expect(audit.Refused, ann.ID, "/api/chats/{chatId}/messages", chat.NotFound)
	guest.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	expect(audit.Refused, "", "/api/me", chat.NoIdentity)

	var invite struct {
		Invite chat.Invite
		URL    string
	}
	owner.call("POST", "/api/invites", m{"chatId": room}).want(201).into(&invite)
	code := secretOf(invite.URL)
	expect(audit.InviteCreated, owner.user.ID, invite.Invite.ID, "ok")
	anns.call("POST", "/api/invites/accept", m{"code": code}).want(200)
	expect(audit.InviteUsed, ann.ID, invite.Invite.ID, "ok")
	guest.call("POST", "/api/invites/accept", m{"code": code}).wantError(chat.NoIdentity, "")
	expect(audit.Refused, "", "/api/invites/accept", chat.NoIdentity)
	anns.call("POST", "/api/invites/accept", m{"code": "wrong code"}).wantError(chat.InviteSpent, "")
	expect(audit.InviteUsed, ann.ID, "", chat.InviteSpent)
	invited := signUp("bob")
	invited["invite"] = code
	guest.call("POST", "/api/accounts", invited).want(201).into(&in)
	secrets = append(secrets, in.Token)
	expect(audit.AccountCreated, in.User.ID, in.User.ID, "ok")
	expect(audit.InviteUsed, in.User.ID, invite.Invite.ID, "ok")
	owner.call("DELETE", "/api/invites/"+string(invite.Invite.ID), nil).want(204)
	expect(audit.InviteEnded, owner.user.ID, invite.Invite.ID, "ok")

	// Chats and blocks.
	var made api.ChatAnswer
	anns.call("POST", "/api/chats", m{"kind": "group", "clientId": "1"}).want(201).into(&made)
	annsRoom, roomPath := made.Chat.ID, "/api/chats/"+string(made.Chat.ID)
	for range 2 { // the second one changes nothing
		owner.call("PUT", roomPath+"/members/me", m{"role": "admin"}).want(204)
	}
	expect(audit.ChatTaken, owner.user.ID, annsRoom, "ok")
	for range 2 { // the second one is a retry
		owner.call("DELETE", roomPath, m{"clientId": "delete"}).want(204)
	}
	expect(audit.ChatDeleted, owner.user.ID, annsRoom, "ok")
	anns.call("DELETE", "/api/chats/"+string(room), nil).wantError(chat.Forbidden, "")
	expect(audit.ChatDeleted, ann.ID, room, chat.Forbidden)
	expect(audit.Refused, ann.ID, "/api/chats/{chatId}", chat.Forbidden)
	block := "/api/blocks/" + string(owner.user.ID)
	anns.call("PUT", block, nil).want(204)
	expect(audit.UserBlocked, ann.ID, owner.user.ID, "ok")
	anns.call("DELETE", block, nil).want(204)
	expect(audit.UserUnblocked, ann.ID, owner.user.ID, "ok")
	browser := newBrowser("https://push.example.com/secret-address").subscription()
	secrets = append(secrets, "secret-address", fmt.Sprint(browser["keys"].(m)["p256dh"]))
	for range 2 { // the second one changes nothing
		anns.call("PUT", "/api/push/subscription", browser).want(200)
	}
	expect(audit.PushSubscribed, ann.ID, first.Session.ID, "ok")
	for range 2 {
		anns.call("DELETE", "/api/push/subscription", nil).want(204)
	}
	expect(audit.PushEnded, ann.ID, first.Session.ID, "ok")

	for _, c := range []struct {
		change m
		kind   audit.Kind
	}{{m{"role": "admin"}, audit.AdminGranted}, {m{"role": "member"}, audit.AdminRevoked}, {m{"active": false}, audit.UserDisabled}, {m{"active": true}, audit.UserEnabled}} {
		owner.call("PATCH", "/api/users/"+string(ann.ID), c.change).want(200)
		expect(c.kind, owner.user.ID, ann.ID, "ok")
	}
	owner.call("PATCH", "/api/users/"+string(owner.user.ID), m{"active": false}).wantError(chat.LastOwner, "")
	expect(audit.UserDisabled, owner.user.ID, owner.user.ID, chat.LastOwner)

	owner.call("POST", "/api/recoveries", m{"userId": ann.ID}).want(201).into(&link)
	code = secretOf(link.URL)
	expect(audit.RecoveryCreated, owner.user.ID, ann.ID, "ok")
	guest.call("POST", "/api/recoveries/use", m{"code": code, "password": "other password"}).want(201).into(&in)
	secrets = append(secrets, in.Token)
	expect(audit.RecoveryUsed, ann.ID, ann.ID, "ok")
	guest.call("POST", "/api/recoveries/use", m{"code": code, "password": "other password"}).wantError(chat.InviteSpent, "")
	expect(audit.RecoveryUsed, "", "", chat.InviteSpent)
	operator("/recover", `{"handle": "ann"}`).want(200).into(&link)
	secretOf(link.URL)
	expect(audit.RecoveryCreated, audit.Operator, ann.ID, "ok")

	owner.call("DELETE", "/api/sessions/current", nil).want(204)
	expect(audit.SignOut, owner.user.ID, owner.session.ID, "ok")

	if got := x.security(); len(got) != len(want) {
		t.Errorf("%d events, want %d: %v", len(got), len(want), got)
	}
	operations, err := os.ReadFile("../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, l := range want {
		seen[l.kind] = true
	}
	for _, k := range audit.Kinds() {
		if !seen[string(k)] {
			t.Errorf("no event of kind %s", k)
		}
		if !strings.Contains(string(operations), "| `"+string(k)+"`") {
			t.Errorf("docs/operations.md has no row for %s", k)
		}
	}
	for _, s := range secrets {
		if s == "" || strings.Contains(x.logs.String(), s) {
			t.Errorf("%q is in the log", s)
		}
	}
}

// A caller who repeats a failure causes a few lines and a count.
func TestRepeatedSecurityEventsAreSummedUp(t *testing.T) {
	x := start(t)
	x.addUser("ann")
	guest := x.anonymous()
	for range 30 {
		guest.call("POST", "/api/recoveries/use", m{"code": "guess", "password": "new password"}).wantError(chat.InviteSpent, "")
	}
	guest.call("POST", "/api/sessions", m{"handle": "ann", "password": "wrong horse"}).wantError(chat.BadCredentials, "")
	x.s.sampler.Flush()
	kinds := map[string]int{}
	for _, l := range x.security() {
		kinds[l.kind]++
	}
	if kinds[string(audit.RecoveryUsed)] != 10 || kinds[string(audit.SignIn)] != 1 {
		t.Errorf("%v", kinds)
	}
	if log := x.logs.String(); !strings.Contains(log, `msg="more security events" count=20`) || !strings.Contains(log, "kind=recovery_used") {
		t.Errorf("no count in %s", log)
	}
}
