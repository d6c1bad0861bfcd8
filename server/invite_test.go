package server

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"parley/chat"
	"parley/server/api"
)

type createdInvite struct {
	Invite chat.Invite
	URL    string
	LANURL string `json:"lanUrl"`
}

func (c *client) invite(body m) (created createdInvite, code string) {
	c.server.t.Helper()
	c.call("POST", "/api/invites", body).want(201).into(&created)
	_, code, _ = strings.Cut(created.URL, "#invite=")
	return created, code
}

func TestInviteToChat(t *testing.T) {
	x := start(t, registration(ByInvite))
	owner, ann, bob := x.addOwner(), x.addUser("ann"), x.addUser("bob")
	id, other := ann.group(), owner.group()
	created, code := ann.invite(m{"chatId": id, "uses": 2})
	if created.Invite.ChatID != id || created.Invite.By != ann.user.ID || created.Invite.Uses != 2 || !strings.HasPrefix(created.URL, x.url+"/#invite=") {
		t.Errorf("%+v", created)
	}
	var seen api.InvitePreview
	x.anonymous().call("POST", "/api/invites/peek", m{"code": code}).want(200).into(&seen)
	if !seen.Valid || seen.By.Name != "Ann" || seen.Chat == nil || seen.Chat.Title != "Group" || seen.Chat.MemberCount != 1 || seen.Server != chat.DefaultServer {
		t.Errorf("%+v", seen)
	}
	var in api.SignInAnswer
	x.anonymous().call("POST", "/api/accounts", signUp("cat", m{"invite": code})).want(201).into(&in)
	cat := x.anonymous()
	cat.header.Set("Authorization", "Bearer "+in.Token)
	var joined api.ChatAnswer
	cat.call("GET", "/api/chats/"+string(id), nil).want(200).into(&joined)
	cat.call("GET", "/api/chats/"+string(other), nil).wantError(chat.NotFound, "chatId") // one door, not all (CVE-2022-21706)

	bob.call("POST", "/api/invites/accept", m{"code": code}).want(200).into(&joined)
	if joined.Chat.ID != id || joined.Chat.Role != chat.RoleMember || joined.Chat.MemberCount != 3 {
		t.Errorf("%+v", joined)
	}
	bob.call("POST", "/api/invites/accept", m{"code": code}).want(200) // in already: spends nothing, answers the same
	owner.call("POST", "/api/invites/accept", m{"code": code}).wantError(chat.InviteSpent, "")
	x.anonymous().call("POST", "/api/invites/peek", m{"code": code}).want(200).into(&seen)
	if seen.Valid {
		t.Error("a used up invite is said to be valid")
	}
	if strings.Contains(x.logs.String(), code) {
		t.Error("the code is in the log")
	}
}

func TestInvites(t *testing.T) {
	x := start(t)
	owner, ann, bob := x.addOwner(), x.addUser("ann"), x.addUser("bob")
	foreign, direct := owner.group(), ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	for _, c := range []struct {
		body  m
		code  chat.Code
		field string
	}{
		{m{"chatId": foreign}, chat.NotFound, "chatId"},
		{m{"chatId": direct}, chat.NotFound, "chatId"},
		{m{"chatId": "a.b"}, chat.BadInput, "chatId"},
		{m{"chatId": m{}}, chat.BadInput, "chatId"},
		{m{"uses": 0}, chat.BadInput, "uses"},
		{m{"uses": chat.MaxInviteUses + 1}, chat.BadInput, "uses"},
		{m{"uses": 1.5}, chat.BadInput, "uses"},
		{m{"expiresAt": chat.Now() - 1}, chat.BadInput, "expiresAt"},
		{m{"expiresAt": chat.Now() + 2*chat.MaxInviteLife}, chat.BadInput, "expiresAt"},
	} {
		ann.call("POST", "/api/invites", c.body).wantError(c.code, c.field)
	}
	created, code := ann.invite(m{})
	if created.Invite.Uses != chat.DefaultInviteUses || created.Invite.ExpiresAt < chat.Now()+chat.DefaultInviteLife-60_000 {
		t.Errorf("%+v", created)
	}
	bob.call("POST", "/api/invites/accept", m{"code": code}).wantError(chat.BadInput, "code") // it names no chat
	bob.call("POST", "/api/invites/accept", m{"code": "wrong"}).wantError(chat.InviteSpent, "")
	x.anonymous().call("POST", "/api/invites/peek", m{"code": "wrong"}).wantError(chat.NotFound, "code")
	x.anonymous().call("POST", "/api/invites/peek", m{}).wantError(chat.BadInput, "code")

	count := func(c *client) int {
		var list struct {
			Invites []chat.Invite
			Users   []chat.User
		}
		c.call("GET", "/api/invites", nil).want(200).into(&list)
		if len(list.Invites) > 0 && len(list.Users) == 0 {
			t.Error("no users table")
		}
		return len(list.Invites)
	}
	if a, b, o := count(ann), count(bob), count(owner); a != 1 || b != 0 || o != 1 {
		t.Errorf("ann sees %d, bob %d, the owner %d", a, b, o)
	}
	path := "/api/invites/" + string(created.Invite.ID)
	bob.call("DELETE", path, nil).wantError(chat.NotFound, "inviteId")
	bob.call("DELETE", "/api/invites/not.an.id", nil).wantError(chat.BadInput, "inviteId")
	ann.call("DELETE", path, nil).want(204)
	again, _ := ann.invite(m{})
	owner.call("DELETE", "/api/invites/"+string(again.Invite.ID), nil).want(204)
	x.anonymous().call("POST", "/api/accounts", signUp("cat", m{"invite": code})).wantError(chat.InviteSpent, "invite")
}

// While registration is closed, an invite needs a chat.
func TestInvitesWhileClosed(t *testing.T) {
	x := start(t, registration(Closed))
	ann, bob := x.addUser("ann"), x.addUser("bob")
	ann.call("POST", "/api/invites", m{}).wantError(chat.RegistrationClosed, "chatId")
	id := ann.group()
	_, code := ann.invite(m{"chatId": id})
	bob.call("POST", "/api/invites/accept", m{"code": code}).want(200)
}

func TestLinks(t *testing.T) {
	x := start(t, func(c *Config) { c.PublicURL, _ = url.Parse("https://chat.example/") })
	created, _ := x.addUser("ann").invite(m{})
	if !strings.HasPrefix(created.URL, "https://chat.example/#invite=") {
		t.Errorf("link %q", created.URL)
	}
}

// An invite to localhost has a second link for other devices, with the address on which
// the server listens in its network.
func TestInvitesNameTheAddressInTheNetwork(t *testing.T) {
	lan := func(ip string) func(*Config) {
		return func(c *Config) { c.Listen = &net.TCPAddr{IP: net.ParseIP(ip), Port: 8080} }
	}
	public := func(c *Config) { c.PublicURL, _ = url.Parse("http://localhost:8080") }
	for name, c := range map[string]struct {
		change []func(*Config)
		host   string
		want   string // "" for none
	}{
		"on one address":          {[]func(*Config){lan("192.0.2.7")}, "localhost:8080", "http://192.0.2.7:8080/#invite="},
		"on one IPv6 address":     {[]func(*Config){lan("2001:db8::7")}, "[::1]:8080", "http://[2001:db8::7]:8080/#invite="},
		"on loopback alone":       {[]func(*Config){lan("127.0.0.1")}, "localhost:8080", ""},
		"the link is no loopback": {[]func(*Config){lan("192.0.2.7")}, "chat.example:8080", ""},
		"with a public URL":       {[]func(*Config){lan("192.0.2.7"), public}, "localhost:8080", ""},
		"not known":               {nil, "localhost:8080", ""},
	} {
		x := start(t, c.change...)
		ann := x.addUser("ann")
		for remote, same := range map[string]bool{"127.0.0.1:5000": true, "172.17.0.1:5000": false} { // or from a container's host
			r := httptest.NewRequest("POST", "/api/invites", nil)
			r.Host, r.RemoteAddr, r.Header = c.host, remote, ann.header.Clone()
			w := httptest.NewRecorder()
			x.s.Handler().ServeHTTP(w, r)
			var created createdInvite
			(&answer{t, name, w.Code, w.Header(), w.Body.Bytes()}).want(201).into(&created)
			_, code, _ := strings.Cut(created.URL, "#invite=")
			want := c.want
			if want != "" && same {
				want += code
			} else {
				want = ""
			}
			if created.LANURL != want {
				t.Errorf("%s, from %s: %q, want %q", name, remote, created.LANURL, want)
			}
		}
	}
	x := start(t, lan("0.0.0.0"))
	created, code := x.addUser("ann").invite(m{})
	if u, err := url.Parse(created.LANURL); created.LANURL != "" && (err != nil || net.ParseIP(u.Hostname()) == nil || net.ParseIP(u.Hostname()).IsLoopback() || u.Fragment != "invite="+code) {
		t.Errorf("on all addresses: %q", created.LANURL) // none without a network
	}
}

// A link contains the request's Host, which must be a plain host: the caller passes the
// link to others.
func TestForgedHost(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	for host, ok := range map[string]bool{"reef.example:8080": true, "reef.example/evil": false, "user@reef.example": false, "reef.example:0": false} {
		r := httptest.NewRequest("POST", "/api/invites", nil)
		r.Host = host
		r.Header = ann.header.Clone()
		w := httptest.NewRecorder()
		x.s.Handler().ServeHTTP(w, r)
		a := &answer{t, "Host " + host, w.Code, w.Header(), w.Body.Bytes()}
		if !ok {
			a.wantError(chat.BadInput, "Host")
			continue
		}
		var created createdInvite
		a.want(201).into(&created)
		if !strings.HasPrefix(created.URL, "http://"+host+"/#invite=") {
			t.Errorf("%s: %s", host, created.URL)
		}
	}
}

// Once a good host is known, links follow no other: that at which an admin signed in, or
// else any user. A browser's page that sends its cookie is at the host that it names.
func TestLinksFollowKnownHosts(t *testing.T) {
	x := start(t)
	owner, ann := x.addOwner(), x.addUser("ann")
	call := func(host, path string, h http.Header, body string) *answer {
		r := httptest.NewRequest("POST", path, strings.NewReader(body))
		r.Host, r.Header = host, h.Clone()
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		x.s.Handler().ServeHTTP(w, r)
		return &answer{t, "Host " + host, w.Code, w.Header(), w.Body.Bytes()}
	}
	link := func(host string, h http.Header) string {
		t.Helper()
		var created createdInvite
		call(host, "/api/invites", h, "{}").want(201).into(&created)
		base, _, _ := strings.Cut(created.URL, "/#invite=")
		return base
	}
	signIn := func(host, handle string) {
		t.Helper()
		call(host, "/api/sessions", http.Header{}, fmt.Sprintf(`{"handle":%q,"password":%q}`, handle, password)).want(201)
	}
	want := func(got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("the link begins with %s, want %s", got, want)
		}
	}
	browser := func(c *client, host string) http.Header {
		name := "parley"
		if _, port, ok := strings.Cut(host, ":"); ok {
			name += "-" + port
		}
		return http.Header{"Cookie": {name + "=" + c.token}, "Origin": {"http://" + host}}
	}
	want(link("evil.example", owner.header), "http://evil.example") // none is known
	signIn("ann.example", "ann")
	want(link("evil.example", owner.header), "http://ann.example")
	signIn("more.example", "ann") // stands in for nothing
	want(link("more.example", ann.header), "http://ann.example")
	want(link("lan:8080", browser(ann, "lan:8080")), "http://lan:8080") // for her alone
	want(link("lan:8080", ann.header), "http://ann.example")

	signIn("owner.example:8080", owner.user.Handle)
	for _, h := range []http.Header{owner.header, ann.header} {
		want(link("evil.example", h), "http://owner.example:8080")
		want(link("ann.example", h), "http://owner.example:8080")
		want(link("owner.example:8080", h), "http://owner.example:8080")
	}
	program := browser(owner, "lan:8080")
	program.Del("Origin")
	want(link("lan:8080", program), "http://owner.example:8080")
	want(link("lan:8080", browser(owner, "lan:8080")), "http://lan:8080")
	want(link("lan:8080", ann.header), "http://lan:8080") // the admin was there
	want(link("evil.example", ann.header), "http://owner.example:8080")
	call("a/b", "/api/invites", ann.header, "{}").wantError(chat.BadInput, "Host")
}

// The invites of one user are limited, since they are listed without pages, to an admin
// those of all users.
func TestInvitesOfOneUserAreBounded(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	var last chat.Invite
	for i := range 500 {
		var err error
		last, err = x.store.CreateInvite(t.Context(), chat.Invite{By: ann.user.ID, Uses: 1, ExpiresAt: 1}, chat.SecretHash(fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
	}
	ann.call("POST", "/api/invites", m{}).wantError(chat.Conflict, "")
	bob.invite(m{})
	ann.call("DELETE", "/api/invites/"+string(last.ID), nil).want(204)
	var all sync.WaitGroup
	var created atomic.Int64
	for range 8 { // at once, and there is room for one
		all.Go(func() {
			if ann.call("POST", "/api/invites", m{}).status == 201 {
				created.Add(1)
			}
		})
	}
	all.Wait()
	if created.Load() != 1 {
		t.Errorf("%d more were created", created.Load())
	}
}
