package chat

import (
	"strings"
	"testing"
)

// The rule fills in the draft's files and leaves the list that it was given, since it may be
// called again.
func TestPostFillsFiles(t *testing.T) {
	draft := withFiles("whole")
	again := draft
	if err := Post(tea(), &draft); err != nil {
		t.Fatal(err)
	}
	if len(draft.Files) != 1 || draft.Files[0].Name != "a.png" || again.Files[0].Name != "" {
		t.Errorf("%+v, given %+v", draft.Files, again.Files)
	}
}

func TestQuoteOfFiles(t *testing.T) {
	files := []File{{ID: "a"}, {ID: "b"}}
	for _, c := range []struct {
		m    Message
		want int
	}{{Message{Files: files}, 2}, {Message{Text: "x", Files: files}, 0}, {Message{}, 0}} {
		if q := QuoteOf(c.m); q.Files != c.want {
			t.Errorf("%+v is quoted with %d files", c.m, q.Files)
		}
	}
}

func TestFileKind(t *testing.T) {
	for typ, want := range map[string]FileKind{"image/png": ImageFile, "video/mp4": VideoFile, "audio/ogg": AudioFile, "application/pdf": OtherFile, "text/plain; charset=utf-8": OtherFile, "": OtherFile} {
		if got := (&File{Type: typ}).Kind(); got != want {
			t.Errorf("%q: %s", typ, got)
		}
	}
}

func TestUploadName(t *testing.T) {
	for name, want := range map[string]string{"a.png": "a.png", `C:\pictures\a.png`: "a.png", "../../etc/passwd": "passwd", "": "file", "dir/": "file", "名前.txt": "名前.txt",
		"a\nb": "ab", "a\x00": "a", "annexe\u202excod.exe": "annexexcod.exe", "\u200b": "file", " a  b ": "a b", "Screenshot 9.41\u202fAM.png": "Screenshot 9.41 AM.png"} {
		u, err := NewUpload("u", "c", name, 1, false)
		if err != nil || u.Name != want {
			t.Errorf("%q becomes %q, %v", name, u.Name, err)
		}
	}
	for _, name := range []string{"\xff", strings.Repeat("a", 256)} {
		if _, err := NewUpload("u", "c", name, 1, false); !Is(err, BadInput) || AsError(err).Field != "name" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestUploadQuota(t *testing.T) {
	u := Upload{Length: 10}
	for _, c := range []struct {
		have Uploaded
		most int64
		ok   bool
	}{{Uploaded{}, 10, true}, {Uploaded{Bytes: 1}, 10, false}, {Uploaded{Bytes: 1 << 40}, 0, true}, {Uploaded{Free: MaxFreeUploads}, 0, false}, {Uploaded{Free: MaxFreeUploads - 1}, 0, true}} {
		if err := u.CheckQuota(c.have, c.most); (err == nil) != c.ok || err != nil && !Is(err, QuotaExceeded) {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestFileListCut(t *testing.T) {
	files := []PostedFile{{Seq: 5}, {Seq: 3}, {Seq: 3}, {Seq: 3}, {Seq: 1}}
	for limit, want := range map[int]int{1: 1, 2: 4, 3: 4, 4: 4, 5: 5, 9: 5} {
		if page, more := (FileList{Limit: limit}).Cut(files); len(page) != want || more != (want < 5) {
			t.Errorf("limit %d: %d files, more %v", limit, len(page), more)
		}
	}
}

func TestCheckFiles(t *testing.T) {
	many := make([]FileID, MaxFiles+1)
	for _, ids := range [][]FileID{{"a", "a"}, {""}, {"../a"}, many} {
		if err := CheckFiles(ids); !Is(err, BadInput) || AsError(err).Field != "files" {
			t.Errorf("%q: %v", ids, err)
		}
	}
	if err := CheckFiles([]FileID{"a", "b"}); err != nil {
		t.Error(err)
	}
}
