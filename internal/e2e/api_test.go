package e2e

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"

	"parley/chat"
)

// account is a user and the token of one of its sessions.
type account struct {
	User  chat.User `json:"user"`
	Token string    `json:"token"`
}

// call sends in as JSON, decodes the answer into out unless it is nil, and returns
// the status. It returns 0 if there is no answer, as while the server is down.
func (s *testServer) call(token, method, path string, in, out any) int {
	body, err := json.Marshal(in)
	if err != nil {
		s.t.Error(err)
	}
	r, err := http.NewRequest(method, "http://"+s.addr+path, bytes.NewReader(body))
	if err != nil {
		s.t.Error(err)
	}
	if in == nil {
		r.Body = http.NoBody
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0
	}
	if out != nil && res.StatusCode < 300 {
		if err := json.Unmarshal(b, out); err != nil {
			s.t.Errorf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return res.StatusCode
}

// mustCall is call that fails the test if the status is another one.
func (s *testServer) mustCall(status int, token, method, path string, in, out any) {
	s.t.Helper()
	if got := s.call(token, method, path, in, out); got != status {
		s.t.Fatalf("%s %s: %d, want %d\n%s", method, path, got, status, s.logText())
	}
}

// getStatus returns the status and the error of a GET, 0 if there is no answer.
func (s *testServer) getStatus(path string) (int, chat.Error) {
	res, err := (&http.Client{Timeout: 20 * time.Second}).Get("http://" + s.addr + path)
	if err != nil {
		return 0, chat.Error{}
	}
	defer res.Body.Close()
	var answer struct{ Error chat.Error }
	body, _ := io.ReadAll(res.Body)
	_ = json.Unmarshal(body, &answer)
	return res.StatusCode, answer.Error
}

// waitStatus repeats a GET until the answer has the status, and returns its error.
func (s *testServer) waitStatus(status int, path string) chat.Error {
	s.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if got, e := s.getStatus(path); got == status {
			return e
		}
	}
	s.t.Fatalf("GET %s never returned %d\n%s", path, status, s.logText())
	return chat.Error{}
}

// createOwner creates the first account with the owner link.
func (s *testServer) createOwner(handle string) *account {
	s.t.Helper()
	_, code, _ := strings.Cut(s.setup, "#setup=")
	var a account
	s.mustCall(201, "", "POST", "/api/accounts", map[string]any{"setup": code, "serverName": "Test", "handle": handle,
		"name": strings.ToUpper(handle), "password": "correct horse"}, &a)
	return &a
}

// createUser creates an account through an invite that host makes for the chat.
func (s *testServer) createUser(host *account, chatID chat.ChatID, handle string) *account {
	s.t.Helper()
	var made struct{ URL string }
	s.mustCall(201, host.Token, "POST", "/api/invites", map[string]any{"chatId": chatID, "uses": 1}, &made)
	_, code, _ := strings.Cut(made.URL, "#invite=")
	var a account
	s.mustCall(201, "", "POST", "/api/accounts", map[string]any{"invite": code, "handle": handle,
		"name": strings.ToUpper(handle), "password": "correct horse"}, &a)
	return &a
}

// listChats returns the chats of an account.
func (s *testServer) listChats(a *account) []chat.Chat {
	s.t.Helper()
	var list struct{ Chats []chat.Chat }
	s.mustCall(200, a.Token, "GET", "/api/chats", nil, &list)
	return list.Chats
}

// post posts a message over HTTP and returns it.
func (s *testServer) post(a *account, id chat.ChatID, text string) (m chat.Message) {
	s.t.Helper()
	var out struct{ Message chat.Message }
	s.mustCall(201, a.Token, "POST", "/api/chats/"+string(id)+"/messages", map[string]any{"clientId": text, "text": text}, &out)
	return out.Message
}
