package server

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/go-chi/chi/v5"

	"parley/chat"
)

// The table states the status of every route for each kind of caller, in both codecs: no
// identity, a user who is not a member of the chat, a member, the chat's admin and the
// server's admin.
func TestPermissions(t *testing.T) {
	for _, msgpack := range []bool{false, true} {
		t.Run(fmt.Sprint("msgpack ", msgpack), func(t *testing.T) { permissions(t, msgpack) })
	}
}

func permissions(t *testing.T, msgpack bool) {
	x := start(t, withFiles(t, t.TempDir()))
	owner, ann, bob, eve := x.addOwner(), x.addUser("ann"), x.addUser("bob"), x.addUser("eve")
	id := string(ann.group(bob))
	seq := fmt.Sprint(ann.post(chat.ChatID(id), "hello"))
	c, msg := "/api/chats/"+id, "/api/chats/"+id+"/messages/"+seq
	text := m{"clientId": "t", "text": "hello"}
	file := ann.upload(chat.ChatID(id), "name=a.png", testPicture(t, "place.png"))
	ann.postFiles(chat.ChatID(id), "", file)
	files, upload := c+"/files/"+string(file.ID), "/api/uploads/"+string(file.ID) // the upload is ann's, and in a message
	for _, who := range []*client{owner, ann, bob, eve} {
		who.header.Set("Tus-Resumable", "1.0.0")
	}
	picture := testPicture(t, "place.jpg")
	callers := []*client{x.anonymous(), eve, bob, ann, owner} // no identity, not a member, member, admin of the chat, admin of the server
	covered := map[string]bool{}
	for _, row := range []struct {
		call string
		body any
		want [5]int
	}{
		{"GET /healthz", nil, [5]int{200, 200, 200, 200, 200}},
		{"GET /readyz", nil, [5]int{200, 200, 200, 200, 200}},
		{"GET /api/server", nil, [5]int{200, 200, 200, 200, 200}},
		{"GET /api/socket", nil, [5]int{426, 426, 426, 426, 426}}, // no upgrade was asked for
		{"PATCH /api/server", m{"name": "N"}, [5]int{401, 403, 403, 403, 200}},
		{"POST /api/accounts", m{}, [5]int{400, 400, 400, 400, 400}},
		{"POST /api/sessions", m{"handle": 1}, [5]int{400, 400, 400, 400, 400}},
		{"POST /api/recoveries/use", m{"code": "x", "password": password}, [5]int{410, 410, 410, 410, 410}},
		{"POST /api/invites/peek", m{"code": "x"}, [5]int{404, 404, 404, 404, 404}},
		{"GET /api/sessions", nil, [5]int{401, 200, 200, 200, 200}},
		{"DELETE /api/sessions?except=current", m{"password": password}, [5]int{401, 204, 204, 204, 204}},
		{"DELETE /api/sessions/none", m{"password": password}, [5]int{401, 404, 404, 404, 404}},
		{"GET /api/me", nil, [5]int{401, 200, 200, 200, 200}},
		{"PATCH /api/me", m{"status": "s"}, [5]int{401, 200, 200, 200, 200}},
		{"PUT /api/me/picture", picture, [5]int{401, 200, 200, 200, 200}},
		{"DELETE /api/me/picture", nil, [5]int{401, 200, 200, 200, 200}},
		{"GET /api/pictures/" + ann.setPicture(c+"/picture"), nil, [5]int{401, 200, 200, 200, 200}},
		{"GET /api/pictures/" + string(file.ID), nil, [5]int{401, 404, 404, 404, 404}},
		{"PUT " + c + "/picture", picture, [5]int{401, 404, 403, 200, 404}},
		{"DELETE " + c + "/picture", nil, [5]int{401, 404, 403, 200, 404}},
		{"GET /api/users", nil, [5]int{401, 200, 200, 200, 200}},
		{"PATCH /api/users/" + string(eve.user.ID), m{"role": "member"}, [5]int{401, 403, 403, 403, 200}},
		{"GET /api/blocks", nil, [5]int{401, 200, 200, 200, 200}},
		{"PUT /api/blocks/none", nil, [5]int{401, 404, 404, 404, 404}},
		{"DELETE /api/blocks/none", nil, [5]int{401, 204, 204, 204, 204}},
		{"POST /api/recoveries", m{"userId": "none"}, [5]int{401, 403, 403, 403, 404}},
		{"GET /api/invites", nil, [5]int{401, 200, 200, 200, 200}},
		{"POST /api/invites", m{"chatId": id}, [5]int{401, 404, 201, 201, 404}},
		{"POST /api/invites/accept", m{"code": "x"}, [5]int{401, 410, 410, 410, 410}},
		{"DELETE /api/invites/nonesuch", nil, [5]int{401, 404, 404, 404, 404}},
		{"GET /api/chats", nil, [5]int{401, 200, 200, 200, 200}},
		{"POST /api/chats", m{"clientId": "c", "kind": "group"}, [5]int{401, 201, 201, 201, 201}},
		{"GET " + c, nil, [5]int{401, 404, 200, 200, 404}},
		{"PATCH " + c, m{"title": "T"}, [5]int{401, 404, 403, 200, 404}},
		{"GET /api/mentions", nil, [5]int{401, 200, 200, 200, 200}},
		{"GET " + c + "/pins", nil, [5]int{401, 404, 200, 200, 404}},
		{"GET " + msg + "/thread", nil, [5]int{401, 404, 200, 200, 404}},
		{"PUT " + msg + "/pin", nil, [5]int{401, 404, 204, 204, 404}},
		{"DELETE " + msg + "/pin", nil, [5]int{401, 404, 204, 204, 404}},
		{"PATCH " + c + "/mine", m{"starred": true}, [5]int{401, 404, 200, 200, 404}},
		{"GET " + c + "/members", nil, [5]int{401, 404, 200, 200, 404}},
		{"PUT " + c + "/members/me", nil, [5]int{401, 404, 204, 204, 404}},
		{"PUT " + c + "/members/" + string(bob.user.ID), m{"role": "member"}, [5]int{401, 404, 403, 204, 404}},
		{"DELETE " + c + "/members/" + string(eve.user.ID), nil, [5]int{401, 404, 403, 404, 404}},
		{"GET " + c + "/messages", nil, [5]int{401, 404, 200, 200, 404}},
		{"POST " + c + "/messages", text, [5]int{401, 404, 201, 201, 404}},
		{"GET " + c + "/files", nil, [5]int{401, 404, 200, 200, 404}},
		{"POST " + c + "/files?name=a", []byte("a"), [5]int{401, 404, 201, 201, 404}},
		{"GET " + files, nil, [5]int{401, 404, 200, 200, 404}},
		{"GET " + files + "/thumb", nil, [5]int{401, 404, 200, 200, 404}},
		{"OPTIONS /api/uploads", nil, [5]int{204, 204, 204, 204, 204}},
		{"POST /api/uploads", nil, [5]int{401, 400, 400, 400, 400}}, // no length
		{"HEAD " + upload, nil, [5]int{401, 404, 404, 200, 404}},
		{"PATCH " + upload, nil, [5]int{401, 400, 400, 400, 400}}, // no offset
		{"POST " + upload, nil, [5]int{401, 400, 400, 400, 400}},  // no method
		{"DELETE " + upload, nil, [5]int{401, 404, 404, 409, 404}},
		{"GET " + msg, nil, [5]int{401, 404, 200, 200, 404}},
		{"PATCH " + msg, text, [5]int{401, 404, 403, 200, 404}},
		{"PUT " + msg + "/reactions/👍", nil, [5]int{401, 404, 204, 204, 404}},
		{"DELETE " + msg + "/reactions/👍", nil, [5]int{401, 404, 204, 204, 404}},
		{"PUT " + c + "/read", m{"seq": 2}, [5]int{401, 404, 204, 204, 404}},
		{"GET /api/search?q=hello", nil, [5]int{401, 200, 200, 200, 200}},
		{"GET " + c + "/events?after=0", nil, [5]int{401, 404, 200, 200, 404}},
		{"DELETE " + msg, nil, [5]int{401, 404, 403, 204, 404}},
		{"DELETE " + c, nil, [5]int{401, 404, 403, 204, 404}},
	} {
		method, target, _ := strings.Cut(row.call, " ")
		path, _, _ := strings.Cut(target, "?")
		pattern := x.s.handler.(chi.Routes).Find(chi.NewRouteContext(), method, path)
		covered[method+" "+documentPattern(pattern)] = true
		for i, who := range callers {
			who.msgpack = msgpack
			a := who.call(method, target, row.body)
			if a.status != row.want[i] {
				t.Errorf("%s by caller %d: %d, want %d: %s", row.call, i, a.status, row.want[i], a.body)
			}
			if i > 0 && strings.HasPrefix(path, "/api/") && row.want[0] == 401 && a.header.Get("Cache-Control") != "no-store" && !strings.HasPrefix(path, files) && !strings.HasPrefix(path, "/api/pictures/") {
				t.Errorf("%s: an answer with an identity may be cached", row.call)
			}
			if a.status == 401 && a.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s: 401 without WWW-Authenticate", row.call)
			}
		}
	}
	err := chi.Walk(x.s.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		route = method + " " + documentPattern(route)
		if !covered[route] && route != "GET /*" && !strings.HasSuffix(route, " /socket.io") { // a session says who it is later
			t.Errorf("%s is not in the table", route)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A token that does not exist, one of an ended session, and one that is not text are
// refused.
func TestRefusedIdentity(t *testing.T) {
	x := start(t)
	for _, token := range []string{"Bearer", "Bearer ", "Bearer wrong", "bearer " + strings.Repeat("a", 10_000), "Bearer \xff\xfe"} {
		c := x.anonymous()
		c.header.Set("Authorization", token)
		c.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
		c.call("GET", "/api/server", nil).want(200) // needs none
	}
	c := x.anonymous()
	c.header.Set("Cookie", x.cookieName()+"=wrong")
	a := c.call("GET", "/api/me", nil).wantError(chat.NoIdentity, "")
	if !strings.Contains(a.header.Get("Set-Cookie"), "Max-Age=0") {
		t.Errorf("a refused cookie stays: %q", a.header.Get("Set-Cookie"))
	}
}
