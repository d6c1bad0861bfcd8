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

// person is somebody with an account, as curl would see them.
type person struct {
	User  chat.User `json:"user"`
	Token string    `json:"token"`
}

// call sends JSON and gives the status; out may be nil. It gives 0 when there is
// no answer, as while the server is down.
func (h *house) call(token, method, path string, in, out any) int {
	body, err := json.Marshal(in)
	if err != nil {
		h.t.Error(err)
	}
	r, err := http.NewRequest(method, "http://"+h.addr+path, bytes.NewReader(body))
	if err != nil {
		h.t.Error(err)
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
			h.t.Errorf("%s %s: %v in %s", method, path, err, b)
		}
	}
	return res.StatusCode
}

func (h *house) must(status int, token, method, path string, in, out any) {
	h.t.Helper()
	if got := h.call(token, method, path, in, out); got != status {
		h.t.Fatalf("%s %s: %d, want %d\n%s", method, path, got, status, h.said())
	}
}

// get gives the status and the error of a GET, 0 without an answer.
func (h *house) get(path string) (int, chat.Error) {
	res, err := (&http.Client{Timeout: 20 * time.Second}).Get("http://" + h.addr + path)
	if err != nil {
		return 0, chat.Error{}
	}
	defer res.Body.Close()
	var answer struct{ Error chat.Error }
	body, _ := io.ReadAll(res.Body)
	_ = json.Unmarshal(body, &answer)
	return res.StatusCode, answer.Error
}

// until asks until the answer has the status.
func (h *house) until(status int, path string) chat.Error {
	h.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); {
		if got, e := h.get(path); got == status {
			return e
		}
	}
	h.t.Fatalf("GET %s never gave %d\n%s", path, status, h.said())
	return chat.Error{}
}

// owner uses the link of the first start.
func (h *house) owner(handle string) *person {
	h.t.Helper()
	_, code, _ := strings.Cut(h.setup, "#setup=")
	var p person
	h.must(201, "", "POST", "/api/accounts", map[string]any{"setup": code, "serverName": "Test", "handle": handle,
		"name": strings.ToUpper(handle), "password": "correct horse"}, &p)
	return &p
}

// guest signs up through an invite that host makes for a chat.
func (h *house) guest(host *person, chatID chat.ChatID, handle string) *person {
	h.t.Helper()
	var made struct{ URL string }
	h.must(201, host.Token, "POST", "/api/invites", map[string]any{"chatId": chatID, "uses": 1}, &made)
	_, code, _ := strings.Cut(made.URL, "#invite=")
	var p person
	h.must(201, "", "POST", "/api/accounts", map[string]any{"invite": code, "handle": handle,
		"name": strings.ToUpper(handle), "password": "correct horse"}, &p)
	return &p
}

func (h *house) chats(p *person) []chat.Chat {
	h.t.Helper()
	var list struct{ Chats []chat.Chat }
	h.must(200, p.Token, "GET", "/api/chats", nil, &list)
	return list.Chats
}

// post sends a message and gives its event's number and time.
func (h *house) post(p *person, id chat.ChatID, text string) (m chat.Message) {
	h.t.Helper()
	var out struct{ Message chat.Message }
	h.must(201, p.Token, "POST", "/api/chats/"+string(id)+"/messages", map[string]any{"clientId": text, "text": text}, &out)
	return out.Message
}
