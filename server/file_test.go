package server

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/chat"
	"parley/server/api"
	"parley/server/service"
	"parley/store/folder"
	"parley/wire"
)

// withFiles stores the files of a test server in a folder.
func withFiles(t testing.TB, dir string) func(*Config) {
	f, err := folder.Open(dir, func(int64) int64 { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return func(c *Config) {
		c.Blobs = f
		c.Limits.File = 100 << 20
	}
}

// upload uploads a file by the one-shot call.
func (c *client) upload(id chat.ChatID, query string, body []byte) chat.File {
	c.server.t.Helper()
	var out api.FileAnswer
	c.call("POST", "/api/chats/"+string(id)+"/files?"+query, body).want(201).into(&out)
	return out.File
}

// postFiles posts a message with files and returns its number.
func (c *client) postFiles(id chat.ChatID, text string, files ...chat.File) chat.Seq {
	c.server.t.Helper()
	var ids []chat.FileID
	alts := map[chat.FileID]string{}
	for _, f := range files {
		ids = append(ids, f.ID)
		if f.Alt != "" {
			alts[f.ID] = f.Alt
		}
	}
	body := m{"clientId": chat.NewID[string](), "files": ids, "alts": alts}
	if text != "" {
		body["text"] = text
	}
	var out api.MessageAnswer
	c.call("POST", "/api/chats/"+string(id)+"/messages", body).want(201).into(&out)
	if len(out.Message.Files) != len(files) {
		c.server.t.Fatalf("the message has the files %+v", out.Message.Files)
	}
	return out.Message.Seq
}

func filePath(id chat.ChatID, f chat.FileID) string {
	return "/api/chats/" + string(id) + "/files/" + string(f)
}

// random returns bytes of no known type.
func random(n int) []byte {
	var b []byte
	for i := 0; len(b) < n; i++ {
		h := sha256.Sum256(fmt.Append(nil, "file", i))
		b = append(b, h[:]...)
	}
	return b[:n]
}

func testPicture(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("media", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// A deleted message's files leave the disk, thumbnails too.
func TestDeletedFilesLeaveTheDisk(t *testing.T) {
	dir := t.TempDir()
	x := start(t, withFiles(t, dir))
	ann := x.addUser("ann")
	id := ann.group()
	f := ann.upload(id, "name=a.jpg", testPicture(t, "place.jpg"))
	if !f.Thumb || f.Width != 48 || f.Height != 64 || f.Type != "image/jpeg" {
		t.Errorf("%+v", f)
	}
	seq := ann.postFiles(id, "look", f)
	if names := namesIn(t, dir); len(names) != 2 {
		t.Errorf("the folder has %v", names)
	}
	ann.call("DELETE", fmt.Sprintf("/api/chats/%s/messages/%d", id, seq), nil).want(204)
	ann.call("GET", filePath(id, f.ID), nil).want(404)
	eventually(t, func() bool { return len(namesIn(t, dir)) == 0 })
}

func namesIn(t testing.TB, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// eventually waits until a goroutine of the server has done something that no event tells.
func eventually(t testing.TB, done func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !done(); {
		if time.Now().After(end) {
			t.Fatal("it did not happen")
		}
		time.Sleep(time.Millisecond)
	}
}

// The removal of a deleted message's files is finished by the next start.
func TestRemovalsAreFinishedAtStart(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "parley.db")
	x := startOn(t, path, withFiles(t, dir))
	ann := x.addUser("ann")
	id := ann.group()
	f := ann.upload(id, "name=a.txt", []byte("hello"))
	seq := ann.postFiles(id, "", f)
	x.stop()
	x = startOn(t, path) // without the files: a server that was killed before it removed them
	ann = &client{server: x, user: ann.user, header: ann.header}
	ann.call("DELETE", fmt.Sprintf("/api/chats/%s/messages/%d", id, seq), nil).want(204)
	x.stop()
	if len(namesIn(t, dir)) != 1 {
		t.Fatal("the file is gone too early")
	}
	startOn(t, path, withFiles(t, dir))
	eventually(t, func() bool { return len(namesIn(t, dir)) == 0 })
}

func TestUploadRemovesPlaces(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	id := ann.group()
	for _, name := range []string{"place.jpg", "place.png", "place.webp", "place.mp4", "place.mov"} {
		body := testPicture(t, name)
		marker := []byte("SECRETPLACE")
		if !bytes.Contains(body, marker) && !bytes.Contains(body, []byte("+47.3769")) {
			t.Fatalf("%s has no place", name)
		}
		f := ann.upload(id, "name="+name, body)
		got := ann.call("GET", filePath(id, f.ID), nil).want(200).body
		if bytes.Contains(got, marker) || bytes.Contains(got, []byte("+47.3769")) || int64(len(got)) != f.Size {
			t.Errorf("%s still has its place", name)
		}
		kept := ann.upload(id, "keepMetadata=true&name="+name, body)
		if got := ann.call("GET", filePath(id, kept.ID), nil).want(200).body; !bytes.Equal(got, body) {
			t.Errorf("%s was changed", name)
		}
	}
	// One that cannot be cleaned is not stored.
	cut := testPicture(t, "place.png")[:60]
	ann.call("POST", "/api/chats/"+string(id)+"/files?name=a.png", cut).wantError(chat.BadInput, "file")
	ann.upload(id, "keepMetadata=true&name=a.png", cut)
}

func TestFileLimits(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()), func(c *Config) {
		c.Limits.File, c.Limits.Uploads = 1000, 1500
	})
	ann := x.addUser("ann")
	id := ann.group()
	path := "/api/chats/" + string(id) + "/files?name=a"
	ann.call("POST", path, random(1001)).wantError(chat.FileTooLarge, "")
	ann.upload(id, "name=a", random(1000))
	ann.call("POST", path, random(501)).wantError(chat.QuotaExceeded, "")
	f := ann.upload(id, "name=a", random(500))
	if limits := info(ann).Limits; limits.File != 1000 || limits.Files != chat.MaxFiles {
		t.Errorf("%+v", limits)
	}
	ann.call("DELETE", "/api/uploads/"+string(f.ID), nil).want(412)
	ann.header.Set("Tus-Resumable", "1.0.0")
	ann.call("DELETE", "/api/uploads/"+string(f.ID), nil).want(204)
	ann.call("DELETE", "/api/uploads/"+string(f.ID), nil).wantError(chat.NotFound, "fileId")
	ann.upload(id, "name=a", random(500))

	// A body of an unknown length.
	r, err := http.NewRequest("POST", x.url+path, io.MultiReader(bytes.NewReader(random(1001))))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = ann.header.Clone()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 413 {
		t.Errorf("status %d", res.StatusCode)
	}

	bob := x.addUser("bob")
	other := bob.group()
	for _, body := range []m{{"files": []string{"none"}}, {"files": "none"}, {"files": []int{1}}, {"files": make([]string, 11)}} {
		body["clientId"] = "c"
		bob.call("POST", "/api/chats/"+string(other)+"/messages", body).wantError(chat.BadInput, "files")
	}
	bob.call("POST", "/api/chats/"+string(other)+"/messages", m{"clientId": "c"}).wantError(chat.BadInput, "text")
	of := bob.upload(other, "name=a", random(10)).ID
	for _, alts := range []any{"x", m{string(of): 1}, m{string(of): strings.Repeat("x", chat.MaxAlt+1)}, m{"none": "x"}, []string{"x"}} {
		bob.call("POST", "/api/chats/"+string(other)+"/messages", m{"clientId": "c", "files": []chat.FileID{of}, "alts": alts}).wantError(chat.BadInput, "alts")
	}
	bob.call("POST", "/api/chats/"+string(other)+"/messages", m{"clientId": "c", "text": "x", "alts": m{string(of): "x"}}).wantError(chat.BadInput, "alts")
}

func TestStorageQuota(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()), func(c *Config) { c.Limits.Storage = 1000 })
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	ann.upload(id, "name=a", random(900))
	bob.call("POST", "/api/chats/"+string(id)+"/files?name=a", random(101)).wantError(chat.QuotaExceeded, "")
	bob.upload(id, "name=a", random(100))
}

func info(c *client) (i api.ServerInfo) {
	c.call("GET", "/api/server", nil).want(200).into(&i)
	return i
}

func TestFileList(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	picture, text := ann.upload(id, "name=a.png", testPicture(t, "place.png")), ann.upload(id, "name=b.txt", []byte("hello"))
	picture.Alt = "a bed of tulips"
	first := ann.postFiles(id, "", picture)
	ann.postFiles(id, "read this", text)
	var page service.FilePage
	bob.call("GET", "/api/chats/"+string(id)+"/files", nil).want(200).into(&page)
	if len(page.Files) != 2 || page.Files[0].File.ID != text.ID || page.Files[1].Seq != first || len(page.Users) != 1 || page.More {
		t.Errorf("%+v", page)
	}
	bob.call("GET", "/api/chats/"+string(id)+"/files?kind=image&limit=1", nil).want(200).into(&page)
	if len(page.Files) != 1 || page.Files[0].File != picture {
		t.Errorf("%+v", page)
	}
	bob.call("GET", "/api/chats/"+string(id)+"/files?kind=pictures", nil).wantError(chat.BadInput, "kind")
	bob.call("GET", "/api/chats/"+string(id)+"/files?before=0", nil).wantError(chat.BadInput, "before")
	bob.call("GET", "/api/chats/"+string(id)+"/files?limit=201", nil).wantError(chat.BadInput, "limit")
}

// A server without files says so.
func TestNoFiles(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	ann.call("POST", "/api/chats/"+string(ann.group())+"/files?name=a", []byte("x")).wantError(chat.Forbidden, "")
}

func TestFullDiskRefusesFiles(t *testing.T) {
	f, err := folder.Open(t.TempDir(), func(total int64) int64 { return total })
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x := start(t, func(c *Config) { c.Blobs, c.Limits.File = f, 1000 })
	ann := x.addUser("ann")
	id := ann.group()
	ann.call("POST", "/api/chats/"+string(id)+"/files?name=a", []byte("x")).wantError(chat.DiskFull, "")
	ann.post(id, "chat goes on")
	if left, err := x.store.FileUsage(context.Background()); err != nil || left.Files != 0 {
		t.Errorf("left: %+v, %v", left, err)
	}
}

// sendfileSpy is the ResponseWriter of net/http, and counts the bytes that come from a file.
type sendfileSpy struct {
	http.ResponseWriter
	fromFile *int64
}

func (s sendfileSpy) Flush() { s.ResponseWriter.(http.Flusher).Flush() }
func (s sendfileSpy) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return nil, nil, errors.ErrUnsupported
}
func (s sendfileSpy) ReadFrom(r io.Reader) (int64, error) {
	limited, ok := r.(*io.LimitedReader)
	if ok {
		_, ok = limited.R.(syscall.Conn)
	}
	n, err := s.ResponseWriter.(io.ReaderFrom).ReadFrom(r)
	if ok {
		*s.fromFile += n
	}
	return n, err
}

// No middleware comes between a file and sendfile(2).
func TestDownloadIsSentByTheSystem(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	id, body := ann.group(), random(1<<20)
	f := ann.upload(id, "name=a", body)
	sent := int64(0)
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x.s.Handler().ServeHTTP(sendfileSpy{w, &sent}, r)
	}))
	x.url = web.URL
	got := ann.call("GET", filePath(id, f.ID), nil).want(200).body
	web.Close()
	if !bytes.Equal(got, body) || sent != int64(len(body)) {
		t.Errorf("%d of %d bytes came from the file, %d arrived", sent, len(body), len(got))
	}
}

// Files come over the socket as they do over HTTP, in both codecs.
func TestPostFilesOverSocket(t *testing.T) {
	for name, codec := range bothCodecs {
		t.Run(name, func(t *testing.T) {
			x := start(t, withFiles(t, t.TempDir()))
			ann, bob := x.addUser("ann"), x.addUser("bob")
			id := ann.group(bob)
			f := ann.upload(id, "name=a.mp4", testPicture(t, "place.mp4"))
			a, b := ann.connectLive(codec), bob.connectLive(codec)
			a.wantError(m{"do": "post", "chatId": id, "clientId": "0", "files": []string{"none"}}, chat.BadInput, "files")
			a.wantError(m{"do": "post", "chatId": id, "clientId": "0", "text": "", "files": []string{}}, chat.BadInput, "text")
			var posted wire.Posted
			a.wantError(m{"do": "post", "chatId": id, "clientId": "0", "files": []chat.FileID{f.ID}, "alts": m{"none": "x"}}, chat.BadInput, "alts")
			a.wantError(m{"do": "post", "chatId": id, "clientId": "0", "files": []chat.FileID{f.ID}, "alts": []string{"x"}}, chat.BadInput, "alts")
			f.Alt = "a walk through the garden"
			a.ask(m{"do": "post", "chatId": id, "clientId": "1", "files": []chat.FileID{f.ID}, "alts": m{string(f.ID): f.Alt}}, &posted)
			a.ask(m{"do": "post", "chatId": id, "clientId": "1", "files": []chat.FileID{f.ID}}, &posted)
			if !posted.Again {
				t.Errorf("the retry: %+v", posted)
			}
			a.wantError(m{"do": "post", "chatId": id, "clientId": "2", "files": []chat.FileID{f.ID}}, chat.Conflict, "files")
			if v := b.event(id, posted.Seq); !strings.Contains(v.raw, string(f.ID)) || !strings.Contains(v.raw, "durationMs") || !strings.Contains(v.raw, "a.mp4") || !strings.Contains(v.raw, f.Alt) {
				t.Errorf("event: %s", v.raw)
			}
			a.ask(m{"do": "post", "chatId": id, "clientId": "3", "text": "nice", "replyTo": posted.Seq}, &posted)
			var h wire.History
			b.ask(m{"do": "history", "chatId": id}, &h)
			if len(h.Messages) != 2 || len(h.Messages[0].Files) != 1 || h.Messages[0].Files[0] != f || h.Messages[1].Reply.Files != 1 {
				t.Errorf("history: %+v", h)
			}
			a.wantError(m{"do": "edit", "chatId": id, "target": h.Messages[0].Seq, "text": ""}, chat.BadInput, "text")
		})
	}
}
