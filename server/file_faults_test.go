package server

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"parley/chat"
	"parley/store/folder"
)

// 64 uploads at once, half of them in pieces, arrive as they were sent.
func TestManyUploadsAtOnce(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	id := ann.group()
	const uploads, size = 64, 1<<20 + 3
	var all sync.WaitGroup
	for i := range uploads {
		all.Go(func() {
			body := random(size)
			copy(body, fmt.Sprintf("upload %d", i))
			c := &client{server: x, user: ann.user, header: ann.header.Clone()}
			file := chat.FileID("")
			if i%2 == 0 {
				file = c.upload(id, fmt.Sprint("name=", i), body).ID
			} else {
				path := c.tus("POST", "/api/uploads", map[string]string{"Upload-Metadata": tusHeader(id, fmt.Sprint(i)), "Upload-Length": fmt.Sprint(size)}, body[:100]).want(201).header.Get("Location")
				for at := 100; at < size; {
					end := min(at+300_000, size)
					c.tus("PATCH", path, map[string]string{"Upload-Offset": fmt.Sprint(at)}, body[at:end]).want(204)
					at = end
				}
				file = chat.FileID(strings.TrimPrefix(path, "/api/uploads/"))
			}
			if got := c.call("GET", filePath(id, file), nil).want(200).body; sha256.Sum256(got) != sha256.Sum256(body) {
				t.Errorf("upload %d has other bytes", i)
			}
		})
	}
	all.Wait()
}

// The disk gets full while a file arrives: what arrived stays, messages go on, and the rest
// follows when there is room.
func TestDiskGetsFullDuringUpload(t *testing.T) {
	var full atomic.Bool
	f, err := folder.Open(t.TempDir(), func(total int64) int64 {
		if full.Load() {
			return total
		}
		return 0
	})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	x := start(t, func(c *Config) { c.Blobs, c.Limits.File = f, 100<<20 })
	ann := x.addUser("ann")
	id, body := ann.group(), random(20<<20)
	path := ann.tus("POST", "/api/uploads", map[string]string{"Upload-Metadata": tusHeader(id, "a"), "Upload-Length": fmt.Sprint(len(body))}, nil).want(201).header.Get("Location")
	offset := func() (at int) {
		t.Helper()
		if _, err := fmt.Sscan(ann.tus("HEAD", path, nil, nil).want(200).header.Get("Upload-Offset"), &at); err != nil {
			t.Fatal(err)
		}
		return at
	}
	r, err := http.NewRequest("PATCH", x.url+path, io.MultiReader(bytes.NewReader(body[:1<<20]), readerFunc(func([]byte) (int, error) {
		for offset() == 0 { // until it arrives
		}
		full.Store(true)
		return 0, io.EOF
	}), bytes.NewReader(body[1<<20:])))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = ann.header.Clone()
	for k, v := range map[string]string{"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"} {
		r.Header.Set(k, v)
	}
	if res, err := http.DefaultTransport.RoundTrip(r); err == nil { // else the server closed the connection on what it does not read
		_ = res.Body.Close()
		if res.StatusCode != http.StatusInsufficientStorage {
			t.Errorf("status %d", res.StatusCode)
		}
	}
	ann.post(id, "chat goes on")
	at := offset()
	if at == 0 || at > 10<<20 {
		t.Fatalf("the server has %d bytes", at)
	}
	ann.tus("PATCH", path, map[string]string{"Upload-Offset": fmt.Sprint(at)}, body[at:at+1]).wantError(chat.DiskFull, "")
	full.Store(false)
	ann.tus("PATCH", path, map[string]string{"Upload-Offset": fmt.Sprint(at)}, body[at:]).want(204)
	file := chat.File{ID: chat.FileID(strings.TrimPrefix(path, "/api/uploads/"))}
	ann.postFiles(id, "", file)
	if got := ann.call("GET", filePath(id, file.ID), nil).want(200).body; !bytes.Equal(got, body) {
		t.Error("it has other bytes")
	}
}

type readerFunc func([]byte) (int, error)

func (r readerFunc) Read(b []byte) (int, error) { return r(b) }

// Nothing of a deleted file is left: no byte of it and of its thumbnail, and not its name, in
// the folder and in the files of the database.
func TestDeletedFilesLeaveNothing(t *testing.T) {
	dir := t.TempDir()
	path, blobs := filepath.Join(dir, "parley.db"), filepath.Join(dir, "files")
	x := startOn(t, path, withFiles(t, blobs))
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	body := append([]byte("SECRETBYTES"), random(100_000)...)
	var messages []chat.Seq
	var markers [][]byte
	mark := func(b ...[]byte) { markers = append(markers, b...) }
	for i := range 30 {
		name := fmt.Sprintf("SECRETNAME%03d.bin", i)
		f := ann.upload(id, "name="+name, body)
		picture := ann.upload(id, "name=SECRETPICTURE.jpg", testPicture(t, "place.jpg"))
		picture.Alt = fmt.Sprintf("SECRETALT%03d", i)
		messages = append(messages, ann.postFiles(id, "look", f, picture))
		if i == 0 {
			thumb := ann.call("GET", filePath(id, picture.ID)+"/thumb", nil).want(200).body
			bytesOf := ann.call("GET", filePath(id, picture.ID), nil).want(200).body
			mark([]byte("SECRETBYTES"), thumb[len(thumb)-100:], bytesOf[len(bytesOf)-100:])
		}
		mark([]byte(name), []byte("SECRETPICTURE"), []byte(picture.Alt))
	}
	free := ann.upload(id, "name=SECRETFREE", body) // never posted
	mark([]byte("SECRETFREE"))
	if held(t, dir, markers) == 0 {
		t.Fatal("there is nothing to find")
	}
	for i, seq := range messages {
		if i%2 == 0 { // with others between them
			ann.post(id, "something else")
		}
		ann.call("DELETE", fmt.Sprintf("/api/chats/%s/messages/%d", id, seq), nil).want(204)
	}
	ann.header.Set("Tus-Resumable", "1.0.0")
	ann.call("DELETE", "/api/uploads/"+string(free.ID), nil).want(204)
	eventually(t, func() bool { return len(namesIn(t, blobs)) == 0 })
	x.stop() // a checkpoint
	if n := held(t, dir, markers); n > 0 {
		t.Errorf("%d markers are still there", n)
	}
}

// held returns how many of the markers the files below dir hold.
func held(t testing.TB, dir string, markers [][]byte) (n int) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		for _, m := range markers {
			if c := bytes.Count(b, m); c > 0 {
				n += c
			}
			if strings.Contains(d.Name(), string(m)) {
				n++
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
