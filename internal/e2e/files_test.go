package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"parley/chat"
)

// bytesOf returns n bytes of no known type.
func bytesOf(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		h := sha256.Sum256(fmt.Append(nil, i))
		b = append(b, h[:]...)
	}
	return b[:n]
}

// tus sends a request of tus. It returns status 0 if there is no answer.
func (s *testServer) tus(token, method, path string, header map[string]string, body io.Reader) (int, http.Header) {
	r, err := http.NewRequest(method, "http://"+s.addr+path, body)
	if err != nil {
		s.t.Error(err)
		return 0, nil
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Tus-Resumable", "1.0.0")
	r.Header.Set("Content-Type", "application/offset+octet-stream")
	for k, v := range header {
		r.Header.Set(k, v)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, nil
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode, res.Header
}

// createUpload begins an upload and returns its path.
func (s *testServer) createUpload(a *account, id chat.ChatID, length int) string {
	s.t.Helper()
	b := base64.StdEncoding.EncodeToString
	status, header := s.tus(a.Token, "POST", "/api/uploads", map[string]string{"Upload-Length": fmt.Sprint(length),
		"Upload-Metadata": "filename " + b([]byte("a.bin")) + ",chatId " + b([]byte(id))}, nil)
	if status != 201 {
		s.t.Fatalf("creating an upload: %d\n%s", status, s.logText())
	}
	return header.Get("Location")
}

// offset returns how many bytes of an upload the server has, -1 if it does not answer.
func (s *testServer) offset(a *account, path string) int {
	n := -1
	if status, header := s.tus(a.Token, "HEAD", path, nil, nil); status == 200 {
		_, _ = fmt.Sscan(header.Get("Upload-Offset"), &n)
	}
	return n
}

// patchFrom sends the rest of an upload from where the server is, until it takes it.
func (s *testServer) patchFrom(a *account, path string, body []byte) {
	s.t.Helper()
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); {
		at := s.offset(a, path)
		if at == len(body) {
			return
		}
		if at >= 0 {
			s.tus(a.Token, "PATCH", path, map[string]string{"Upload-Offset": fmt.Sprint(at)}, bytes.NewReader(body[at:]))
		}
	}
	s.t.Fatalf("the upload did not end\n%s", s.logText())
}

// wantFile fails the test unless a member reads these bytes.
func (s *testServer) wantFile(a *account, path string, want []byte) {
	s.t.Helper()
	r, _ := http.NewRequest("GET", "http://"+s.addr+path, nil)
	r.Header.Set("Authorization", "Bearer "+a.Token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	if got, err := io.ReadAll(res.Body); err != nil || res.StatusCode != 200 || !bytes.Equal(got, want) {
		s.t.Fatalf("%d: %d bytes, %v", res.StatusCode, len(got), err)
	}
}

// The server is killed while a piece arrives, several times. What it says that it has is
// what was sent, and in the end the file is whole.
func TestKillDuringUpload(t *testing.T) {
	s := newTestServer(t)
	ann := s.createOwner("ann")
	general := s.listChats(ann)[0].ID
	body := bytesOf(6 << 20)
	path := s.createUpload(ann, general, len(body))
	at := 0
	for range 3 {
		r, w := io.Pipe()
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			s.tus(ann.Token, "PATCH", path, map[string]string{"Upload-Offset": fmt.Sprint(at)}, r)
		}()
		if _, err := w.Write(body[at : at+1<<20]); err != nil {
			t.Fatal(err)
		}
		for s.offset(ann, path) <= at { // until it has arrived in part
		}
		s.kill()
		_ = w.CloseWithError(io.ErrUnexpectedEOF)
		<-ended
		s.start()
		now := s.offset(ann, path)
		if now <= at || now > at+1<<20 {
			t.Fatalf("the server has %d bytes of %d to %d", now, at, at+1<<20)
		}
		at = now
	}
	s.patchFrom(ann, path, body)
	id := path[strings.LastIndex(path, "/")+1:]
	s.mustCall(201, ann.Token, "POST", "/api/chats/"+string(general)+"/messages", map[string]any{"clientId": "1", "files": []string{id}}, nil)
	s.kill()
	s.start()
	s.wantFile(ann, "/api/chats/"+string(general)+"/files/"+id, body)
}

// One upload goes through three replicas, one of which is killed, and every replica serves
// the file, until its message is deleted at one of them.
func TestFilesCrossReplicas(t *testing.T) {
	c := newCluster(t, "")
	one, two, three := c.replicas[0], c.replicas[1], c.replicas[2]
	ann := one.createOwner("ann")
	general := one.listChats(ann)[0].ID
	bob := one.createUser(ann, general, "bob")
	body := bytesOf(3<<20 + 1)
	path := one.createUpload(ann, general, len(body))
	if status, _ := two.tus(ann.Token, "PATCH", path, map[string]string{"Upload-Offset": "0"}, bytes.NewReader(body[:1<<20+5])); status != 204 {
		t.Fatalf("the first piece: %d\n%s", status, two.logText())
	}
	three.patchFrom(ann, path, body)
	id := path[strings.LastIndex(path, "/")+1:]
	file := "/api/chats/" + string(general) + "/files/" + id
	var posted struct{ Message chat.Message }
	two.mustCall(201, ann.Token, "POST", "/api/chats/"+string(general)+"/messages", map[string]any{"clientId": "1", "files": []string{id}}, &posted)
	for _, s := range c.replicas {
		s.wantFile(bob, file, body)
	}
	one.mustCall(204, ann.Token, "DELETE", "/api/chats/"+string(general)+"/members/"+string(bob.User.ID), map[string]any{}, nil)
	three.mustCall(404, bob.Token, "GET", file, nil, nil)
	two.mustCall(204, ann.Token, "DELETE", fmt.Sprintf("/api/chats/%s/messages/%d", general, posted.Message.Seq), map[string]any{}, nil)
	three.mustCall(404, ann.Token, "GET", file, nil, nil)
}
