package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/chat"
)

// A backup of the database and a copy of the folder, which docs/operations.md describes,
// bring files back, also those that were deleted since. A file that the copy of the folder
// lacks is not found, and its message stays.
func TestBackupOfFiles(t *testing.T) {
	s := newTestServer(t)
	ann := s.createOwner("ann")
	of := "/api/chats/" + string(s.listChats(ann)[0].ID)
	post := func(n int) (file string, body []byte, posted chat.Message) {
		body = bytesOf(100_000 + n)
		id := s.uploadFile(ann, of, "a.bin", body)
		var out struct{ Message chat.Message }
		s.mustCall(201, ann.Token, "POST", of+"/messages", map[string]any{"clientId": fmt.Sprint(n), "files": []string{id}}, &out)
		return of + "/files/" + id, body, out.Message
	}
	first, body, message := post(1)
	dir, data := t.TempDir(), filepath.Dir(strings.TrimPrefix(s.store, "sqlite:"))
	files, copied := filepath.Join(data, "files"), filepath.Join(dir, "files")
	if err := os.CopyFS(copied, os.DirFS(files)); err != nil { // before the database: it will lack the second file
		t.Fatal(err)
	}
	second, _, _ := post(2)
	file := filepath.Join(dir, "copy.db")
	if _, stderr, code := runParley(t, "backup", file, "--store", s.store); code != 0 {
		t.Fatal(stderr)
	}
	s.mustCall(204, ann.Token, "DELETE", fmt.Sprintf("%s/messages/%d", of, message.Seq), map[string]any{}, nil)
	s.mustCall(404, ann.Token, "GET", first, nil, nil)
	s.stop()
	s.restore(file)
	if err := os.RemoveAll(files); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(files, os.DirFS(copied)); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.wantFile(ann, first, body)
	s.mustCall(404, ann.Token, "GET", second, nil, nil)
	var page struct{ Messages []chat.Message }
	s.mustCall(200, ann.Token, "GET", of+"/messages", nil, &page)
	if last := page.Messages[len(page.Messages)-1]; len(last.Files) != 1 || last.DeletedAt != 0 {
		t.Errorf("the message is %+v", last)
	}
}
