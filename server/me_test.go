package server

import (
	"context"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
)

func TestMe(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	var out api.UserAnswer
	ann.call("PATCH", "/api/me", m{"name": "Ann Lee", "status": "away"}).want(200).into(&out)
	if out.User.Name != "Ann Lee" || out.User.Status != "away" {
		t.Errorf("%+v", out)
	}
	ann.call("GET", "/api/me", nil).want(200).into(&out)
	if out.User.Status != "away" {
		t.Errorf("%+v", out)
	}
	ann.call("PATCH", "/api/me", m{"status": ""}).want(200).into(&out)
	if out.User.Status != "" || out.User.Name != "Ann Lee" {
		t.Errorf("%+v", out)
	}
	ann.call("PATCH", "/api/me", m{"name": " "}).wantError(chat.BadInput, "name")
	ann.call("PATCH", "/api/me", m{"name": []int{1}}).wantError(chat.BadInput, "name")
	ann.call("PATCH", "/api/me", m{"status": strings.Repeat("a", 129)}).wantError(chat.BadInput, "status")
}

// A new name is signaled to connected users.
func TestRenameIsSignaled(t *testing.T) {
	x := start(t)
	ann, owner := x.addUser("ann"), x.addOwner()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	feed, err := x.store.OpenFeed(ctx)
	if err != nil {
		t.Fatal(err)
	}
	ann.call("PATCH", "/api/me", m{"name": "Ann Lee"}).want(200)
	owner.call("PATCH", "/api/users/"+string(ann.user.ID), m{"role": "admin"}).want(200)
	signals := 0
	for n := range feed {
		if n.Signal != nil && n.Signal.Kind == chat.SignalUser && n.Signal.By == ann.user.ID {
			if signals++; signals == 2 {
				break
			}
		}
	}
}

func TestNewPasswordEndsOtherSessions(t *testing.T) {
	x := start(t)
	ann, other := x.addUser("ann"), x.anonymous()
	var created api.SignInAnswer
	other.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).want(201).into(&created)
	other.header.Set("Authorization", "Bearer "+created.Token)
	ann.call("PATCH", "/api/me", m{"password": "new password"}).wantError(chat.WrongPassword, "currentPassword")
	ann.call("PATCH", "/api/me", m{"password": "new password", "currentPassword": "wrong horse"}).wantError(chat.WrongPassword, "currentPassword")
	ann.call("PATCH", "/api/me", m{"password": "short", "currentPassword": password}).wantError(chat.BadInput, "password")
	other.call("GET", "/api/me", nil).want(200)
	ann.call("PATCH", "/api/me", m{"password": "new password", "currentPassword": password}).want(200)
	ann.call("GET", "/api/me", nil).want(200)
	other.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	anonymous := x.anonymous()
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": password}).wantError(chat.BadCredentials, "")
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": "new password"}).want(201)
}

func TestUsers(t *testing.T) {
	x := start(t)
	owner, ann, bob := x.addOwner(), x.addUser("ann"), x.addUser("bob")
	id := string(ann.user.ID)
	var page api.UserPage
	bob.call("GET", "/api/users?q=an", nil).want(200).into(&page)
	if len(page.Users) != 1 || page.Users[0].ID != ann.user.ID || page.Next != "" {
		t.Errorf("%+v", page)
	}
	page = api.UserPage{}
	bob.call("GET", "/api/users?ids="+id+","+string(bob.user.ID)+","+id+",unknown", nil).want(200).into(&page)
	if len(page.Users) != 2 {
		t.Errorf("%+v", page)
	}
	found := map[chat.UserID]bool{}
	for after, pages := "", 0; ; pages++ {
		page = api.UserPage{}
		bob.call("GET", "/api/users?limit=1&after="+after, nil).want(200).into(&page)
		for _, u := range page.Users {
			found[u.ID] = true
		}
		if after = page.Next; after == "" {
			break
		}
		if pages > 5 {
			t.Fatal("the pages have no end")
		}
	}
	if len(found) != 3 {
		t.Errorf("paged to %d users of 3", len(found))
	}
	bob.call("GET", "/api/users?limit=0", nil).wantError(chat.BadInput, "limit")
	bob.call("GET", "/api/users?limit=abc", nil).wantError(chat.BadInput, "limit")
	bob.call("GET", "/api/users?ids=", nil).wantError(chat.BadInput, "ids")
	bob.call("GET", "/api/users?q="+strings.Repeat("a", 65), nil).wantError(chat.BadInput, "q")
	bob.call("GET", "/api/users?after=!!", nil).wantError(chat.BadInput, "after")

	bob.call("PATCH", "/api/users/"+id, m{"role": "admin"}).wantError(chat.Forbidden, "")
	owner.call("PATCH", "/api/users/"+id, m{"role": "king"}).wantError(chat.BadInput, "role")
	owner.call("PATCH", "/api/users/nobody", m{"role": "admin"}).wantError(chat.NotFound, "userId")
	owner.call("PATCH", "/api/users/"+string(owner.user.ID), m{"role": "member"}).wantError(chat.LastOwner, "")
	owner.call("PATCH", "/api/users/"+string(owner.user.ID), m{"active": false}).wantError(chat.LastOwner, "")
	var out api.UserAnswer
	owner.call("PATCH", "/api/users/"+id, m{"active": false}).want(200).into(&out)
	if out.User.Active {
		t.Errorf("%+v", out)
	}
	ann.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
}

// A weak password is refused wherever one is set.
func TestWeakPasswords(t *testing.T) {
	x := start(t)
	owner := x.addOwner()
	if err := x.store.RenameServer(t.Context(), "Teahouse"); err != nil {
		t.Fatal(err)
	}
	var link api.Link
	owner.call("POST", "/api/recoveries", m{"userId": owner.user.ID}).want(201).into(&link)
	_, code, _ := strings.Cut(link.URL, "=")
	anonymous := x.anonymous()
	for _, weak := range []string{"password", "Password1", "teahouse99", "parley-2026", "owner-owner-1"} {
		anonymous.call("POST", "/api/accounts", signUp("owner", m{"password": weak})).wantError(chat.BadInput, "password")
		owner.call("PATCH", "/api/me", m{"password": weak, "currentPassword": password}).wantError(chat.BadInput, "password")
		anonymous.call("POST", "/api/recoveries/use", m{"code": code, "password": weak}).wantError(chat.BadInput, "password")
	}
	server, _ := x.store.Server(t.Context())
	if server.Name != "Teahouse" {
		t.Fatal(server.Name)
	}
	anonymous.call("POST", "/api/recoveries/use", m{"code": code, "password": "owner of a house of tea"}).want(201)
}

func TestRecovery(t *testing.T) {
	x := start(t)
	owner, ann := x.addOwner(), x.addUser("ann")
	ann.call("POST", "/api/recoveries", m{"userId": ann.user.ID}).wantError(chat.Forbidden, "")
	owner.call("POST", "/api/recoveries", m{"userId": "nobody"}).wantError(chat.NotFound, "userId")
	owner.call("POST", "/api/recoveries", m{}).wantError(chat.BadInput, "userId")
	var created api.Link
	owner.call("POST", "/api/recoveries", m{"userId": ann.user.ID}).want(201).into(&created)
	base, code, ok := strings.Cut(created.URL, "/#recover=")
	if !ok || base != x.url || created.ExpiresAt < chat.Now()+50*60_000 || created.ExpiresAt > chat.Now()+60*60_000 {
		t.Fatalf("%+v", created)
	}
	anonymous := x.anonymous()
	anonymous.call("POST", "/api/recoveries/use", m{"code": "wrong", "password": "new password"}).wantError(chat.InviteSpent, "")
	anonymous.call("POST", "/api/recoveries/use", m{"code": "", "password": "new password"}).wantError(chat.BadInput, "code")
	anonymous.call("POST", "/api/recoveries/use", m{"code": code, "password": "short"}).wantError(chat.BadInput, "password")
	ann.call("GET", "/api/me", nil).want(200)
	var in api.SignInAnswer
	anonymous.call("POST", "/api/recoveries/use", m{"code": code, "password": "new password"}).want(201).into(&in)
	if in.User.ID != ann.user.ID || in.Token == "" {
		t.Errorf("%+v", in)
	}
	ann.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	// Ann sees whose link it was, and who used it.
	ann.header.Set("Authorization", "Bearer "+in.Token)
	var seen struct{ Recoveries []chat.RecoveryUse }
	ann.call("GET", "/api/sessions", nil).want(200).into(&seen)
	if len(seen.Recoveries) != 1 || seen.Recoveries[0] != (chat.RecoveryUse{At: in.Session.CreatedAt, By: owner.user.ID, Client: in.Session.Client, Address: in.Session.Address}) {
		t.Errorf("%+v", seen)
	}
	var others struct{ Recoveries []chat.RecoveryUse }
	owner.call("GET", "/api/sessions", nil).want(200).into(&others)
	if len(others.Recoveries) != 0 {
		t.Errorf("the owner has %+v", others)
	}
	anonymous.call("POST", "/api/recoveries/use", m{"code": code, "password": "other password"}).wantError(chat.InviteSpent, "")
	anonymous.call("POST", "/api/sessions", m{"handle": "ann", "password": "new password"}).want(201)
	if strings.Contains(x.logs.String(), code) {
		t.Error("the code is in the log")
	}
}
