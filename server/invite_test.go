package server

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"parley/chat"
	"parley/server/api"
)

type inviteMade struct {
	Invite chat.Invite
	URL    string
}

func (c *client) invite(body m) (made inviteMade, code string) {
	c.site.t.Helper()
	c.call("POST", "/api/invites", body).want(201).into(&made)
	_, code, _ = strings.Cut(made.URL, "#invite=")
	return made, code
}

func TestInviteToAChat(t *testing.T) {
	x := start(t, registration(ByInvite))
	owner, ann, bob := x.owner(), x.person("ann"), x.person("bob")
	id, other := ann.group(), owner.group()
	made, code := ann.invite(m{"chatId": id, "uses": 2})
	if made.Invite.ChatID != id || made.Invite.By != ann.user.ID || made.Invite.Uses != 2 || !strings.HasPrefix(made.URL, x.url+"/#invite=") {
		t.Errorf("%+v", made)
	}
	var seen api.InvitePreview
	x.nobody().call("POST", "/api/invites/peek", m{"code": code}).want(200).into(&seen)
	if !seen.Valid || seen.By.Name != "Ann" || seen.Chat == nil || seen.Chat.Title != "Group" || seen.Chat.MemberCount != 1 || seen.Server != chat.DefaultServer {
		t.Errorf("%+v", seen)
	}
	var in api.SignInAnswer
	x.nobody().call("POST", "/api/accounts", signUp("cat", m{"invite": code})).want(201).into(&in)
	cat := x.nobody()
	cat.header.Set("Authorization", "Bearer "+in.Token)
	var joined api.ChatAnswer
	cat.call("GET", "/api/chats/"+string(id), nil).want(200).into(&joined)
	cat.call("GET", "/api/chats/"+string(other), nil).fails(chat.NotFound, "chatId") // one door, not all (CVE-2022-21706)

	bob.call("POST", "/api/invites/accept", m{"code": code}).want(200).into(&joined)
	if joined.Chat.ID != id || joined.Chat.Role != chat.RoleMember || joined.Chat.MemberCount != 3 {
		t.Errorf("%+v", joined)
	}
	bob.call("POST", "/api/invites/accept", m{"code": code}).want(200) // in already: spends nothing, answers the same
	owner.call("POST", "/api/invites/accept", m{"code": code}).fails(chat.InviteSpent, "")
	x.nobody().call("POST", "/api/invites/peek", m{"code": code}).want(200).into(&seen)
	if seen.Valid {
		t.Error("a used up invite is said to be valid")
	}
	if strings.Contains(x.logs.String(), code) {
		t.Error("the code is in the log")
	}
}

func TestInvites(t *testing.T) {
	x := start(t)
	owner, ann, bob := x.owner(), x.person("ann"), x.person("bob")
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
		ann.call("POST", "/api/invites", c.body).fails(c.code, c.field)
	}
	made, code := ann.invite(m{})
	if made.Invite.Uses != chat.DefaultInviteUses || made.Invite.ExpiresAt < chat.Now()+chat.DefaultInviteLife-60_000 {
		t.Errorf("%+v", made)
	}
	bob.call("POST", "/api/invites/accept", m{"code": code}).fails(chat.BadInput, "code") // it names no chat
	bob.call("POST", "/api/invites/accept", m{"code": "wrong"}).fails(chat.InviteSpent, "")
	x.nobody().call("POST", "/api/invites/peek", m{"code": "wrong"}).fails(chat.NotFound, "code")
	x.nobody().call("POST", "/api/invites/peek", m{}).fails(chat.BadInput, "code")

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
	path := "/api/invites/" + string(made.Invite.ID)
	bob.call("DELETE", path, nil).fails(chat.NotFound, "inviteId")
	bob.call("DELETE", "/api/invites/a.b", nil).fails(chat.BadInput, "inviteId")
	ann.call("DELETE", path, nil).want(204)
	again, _ := ann.invite(m{})
	owner.call("DELETE", "/api/invites/"+string(again.Invite.ID), nil).want(204)
	x.nobody().call("POST", "/api/accounts", signUp("cat", m{"invite": code})).fails(chat.InviteSpent, "invite")
}

// While no accounts are taken, an invite without a chat would open nothing.
func TestInvitesWhileClosed(t *testing.T) {
	x := start(t, registration(Closed))
	ann, bob := x.person("ann"), x.person("bob")
	ann.call("POST", "/api/invites", m{}).fails(chat.RegistrationClosed, "chatId")
	id := ann.group()
	_, code := ann.invite(m{"chatId": id})
	bob.call("POST", "/api/invites/accept", m{"code": code}).want(200)
}

func TestLinks(t *testing.T) {
	x := start(t, func(c *Config) { c.PublicURL, _ = url.Parse("https://chat.example/") })
	made, _ := x.person("ann").invite(m{})
	if !strings.HasPrefix(made.URL, "https://chat.example/#invite=") {
		t.Errorf("link %q", made.URL)
	}
}

// A link says the Host that the request came with, so that must be no more than
// a host: the link is copied by the one who asked, and opened by others.
func TestForgedHost(t *testing.T) {
	x := start(t)
	ann := x.person("ann")
	for host, ok := range map[string]bool{"reef.example:8080": true, "reef.example/evil": false, "user@reef.example": false, "reef.example:0": false} {
		r := httptest.NewRequest("POST", "/api/invites", nil)
		r.Host = host
		r.Header = ann.header.Clone()
		w := httptest.NewRecorder()
		x.s.Handler().ServeHTTP(w, r)
		a := &answer{t, "Host " + host, w.Code, w.Header(), w.Body.Bytes()}
		if !ok {
			a.fails(chat.BadInput, "Host")
			continue
		}
		var made inviteMade
		a.want(201).into(&made)
		if !strings.HasPrefix(made.URL, "http://"+host+"/#invite=") {
			t.Errorf("%s: %s", host, made.URL)
		}
	}
}

// Invites are listed unpaged, to an admin everybody's: nobody makes more of them
// than such a list can hold.
func TestInvitesOfOneUserAreBounded(t *testing.T) {
	x := start(t)
	ann, bob := x.person("ann"), x.person("bob")
	var last chat.Invite
	for i := range 500 {
		var err error
		last, err = x.store.CreateInvite(t.Context(), chat.Invite{By: ann.user.ID, Uses: 1, ExpiresAt: 1}, chat.SecretHash(fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
	}
	ann.call("POST", "/api/invites", m{}).fails(chat.Conflict, "")
	bob.invite(m{})
	ann.call("DELETE", "/api/invites/"+string(last.ID), nil).want(204)
	var all sync.WaitGroup
	var made atomic.Int64
	for range 8 { // at once, and there is room for one
		all.Go(func() {
			if ann.call("POST", "/api/invites", m{}).status == 201 {
				made.Add(1)
			}
		})
	}
	all.Wait()
	if made.Load() != 1 {
		t.Errorf("%d more were made", made.Load())
	}
}
