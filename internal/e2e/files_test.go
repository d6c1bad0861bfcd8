package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
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

// One upload goes through three replicas, one of which is killed while a piece arrives, and
// the others serve the file, until its message is deleted at one of them.
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
	r, w := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		two.tus(ann.Token, "PATCH", path, map[string]string{"Upload-Offset": fmt.Sprint(1<<20 + 5)}, r)
	}()
	if _, err := w.Write(body[1<<20+5 : 2<<20+100]); err != nil {
		t.Fatal(err)
	}
	for three.offset(ann, path) <= 1<<20+5 { // until it has arrived in part
	}
	two.kill()
	_ = w.CloseWithError(io.ErrUnexpectedEOF)
	<-ended
	three.patchFrom(ann, path, body)
	two.start("--trusted-proxies", "127.0.0.1")
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

// A chat with many messages and files is deleted, and the server is killed again and again
// while it removes them. In the end nothing of them is left, in the folder and in the files
// of the database.
func TestKillDuringPurge(t *testing.T) {
	s := newTestServer(t)
	ann := s.createOwner("ann")
	var made struct{ Chat chat.Chat }
	s.mustCall(201, ann.Token, "POST", "/api/chats", map[string]any{"clientId": "purged", "kind": "group", "title": "SECRETTITLE"}, &made)
	of := "/api/chats/" + string(made.Chat.ID)
	for i := range 40 {
		ids := []string{s.uploadFile(ann, of, fmt.Sprintf("SECRETNAME%d.bin", i), bytes.Repeat([]byte("SECRETBYTES"), 20_000))}
		s.mustCall(201, ann.Token, "POST", of+"/messages", map[string]any{"clientId": fmt.Sprint(i), "text": fmt.Sprint("SECRETTEXT", i), "files": ids}, nil)
		for k := range 30 {
			s.mustCall(201, ann.Token, "POST", of+"/messages", map[string]any{"clientId": fmt.Sprint(i, "-", k), "text": fmt.Sprint("SECRETTEXT", i, k)}, nil)
		}
	}
	dir := filepath.Dir(strings.TrimPrefix(s.store, "sqlite:"))
	if holding(t, dir, "SECRET") == 0 {
		t.Fatal("there is nothing to find")
	}
	s.mustCall(204, ann.Token, "DELETE", of, map[string]any{}, nil)
	for n := 1; ; n++ {
		if n <= 5 {
			s.kill()
			s.start()
		}
		if files, err := os.ReadDir(filepath.Join(dir, "files")); err == nil && len(files) == 0 && n > 5 {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	var list struct{ Chats []chat.Chat }
	s.mustCall(200, ann.Token, "GET", "/api/chats", nil, &list)
	for end := time.Now().Add(30 * time.Second); ; { // what is left goes with a checkpoint
		if s.stop(); holding(t, dir, "SECRET") == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d traces are left\n%s", holding(t, dir, "SECRET"), s.logText())
		}
		s.start()
	}
}

// uploadFile uploads a file in one call and returns its id.
func (s *testServer) uploadFile(a *account, chatPath, name string, body []byte) string {
	s.t.Helper()
	r, _ := http.NewRequest("POST", "http://"+s.addr+chatPath+"/files?name="+name, bytes.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+a.Token)
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var out struct{ File chat.File }
	if err := json.NewDecoder(res.Body).Decode(&out); err != nil || res.StatusCode != 201 {
		s.t.Fatalf("upload: %d, %v", res.StatusCode, err)
	}
	return string(out.File.ID)
}

// holding returns how often the files below dir hold a text, in their names, too.
func holding(t testing.TB, dir, text string) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		n += bytes.Count(b, []byte(text)) + strings.Count(d.Name(), text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// A removed member and an ended session read nothing on any replica within a second, also
// with the entity tag that they have.
func TestFilesEndWithinASecond(t *testing.T) {
	c := newCluster(t, "")
	one, two := c.replicas[0], c.replicas[1]
	ann := one.createOwner("ann")
	general := one.listChats(ann)[0].ID
	bob, cid := one.createUser(ann, general, "bob"), one.createUser(ann, general, "cid")
	of := "/api/chats/" + string(general)
	file := of + "/files/" + one.uploadFile(ann, of, "a.bin", bytesOf(1000))
	one.mustCall(201, ann.Token, "POST", of+"/messages", map[string]any{"clientId": "1", "files": []string{file[strings.LastIndex(file, "/")+1:]}}, nil)
	get := func(s *testServer, a *account, tag string) (int, string) {
		r, _ := http.NewRequest("GET", "http://"+s.addr+file, nil)
		r.Header.Set("Authorization", "Bearer "+a.Token)
		if tag != "" {
			r.Header.Set("If-None-Match", tag)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		_, _ = io.Copy(io.Discard, res.Body)
		return res.StatusCode, res.Header.Get("ETag")
	}
	_, tag := get(two, bob, "")
	for _, a := range []*account{bob, cid} {
		if status, _ := get(two, a, tag); status != 304 {
			t.Fatalf("a member gets %d", status)
		}
	}
	for who, end := range map[*account]func(){
		bob: func() {
			one.mustCall(204, ann.Token, "DELETE", of+"/members/"+string(bob.User.ID), map[string]any{}, nil)
		},
		cid: func() { one.mustCall(204, cid.Token, "DELETE", "/api/sessions/current", map[string]any{}, nil) },
	} {
		want := map[*account]int{bob: 404, cid: 401}[who]
		end()
		began := time.Now()
		for _, s := range c.replicas {
			for status := 0; status != want; {
				if status, _ = get(s, who, tag); status != want && time.Since(began) > time.Second {
					t.Fatalf("%s still gets %d", who.User.Handle, status)
				}
			}
		}
	}
}
