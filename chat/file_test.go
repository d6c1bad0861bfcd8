package chat

import (
	"slices"
	"strings"
	"testing"
)

// The rule fills in the draft's files and leaves the list that it was given, since it may be
// called again.
func TestPostFillsFiles(t *testing.T) {
	draft := withFiles("whole")
	draft.Files[0].Alt = "a bed of tulips"
	again := draft
	if err := Post(tea(), &draft); err != nil {
		t.Fatal(err)
	}
	if len(draft.Files) != 1 || draft.Files[0].Name != "a.png" || draft.Files[0].Alt != "a bed of tulips" || again.Files[0].Name != "" {
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
	for name, want := range map[string]string{"a.png": "a.png", `C:\pictures\a.png`: "a.png", "../../etc/passwd": "passwd", "": "file", "dir/": "file", "..": "file", ".env": ".env", "名前.txt": "名前.txt",
		"a\nb": "ab", "a\x00": "a", "annexe\u202excod.exe": "annexexcod.exe", "\u200b": "file", " a  b ": "a b", strings.Repeat("a/", 5000) + "b": "b", strings.Repeat("\u202e", 500) + "a": "a", "Screenshot 9.41\u202fAM.png": "Screenshot 9.41 AM.png",
		stack(200) + ".png": stack(30) + ".png", stack(20) + "\u200b" + strings.Repeat("\u0323", 20) + ".png": "x" + strings.Repeat("\u0323", 30) + ".png"} {
		u, err := NewUpload("u", "c", name, 1, false)
		if err != nil || u.Name != want {
			t.Errorf("%q becomes %q, %v", name, u.Name, err)
		}
	}
	for _, name := range []string{"\xff", strings.Repeat("a", 256), strings.Repeat("\u202e", 10_000) + "a"} {
		if _, err := NewUpload("u", "c", name, 1, false); !Is(err, BadInput) || AsError(err).Field != "name" {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// stack returns a letter with n marks below it.
func stack(n int) string { return "x" + strings.Repeat("\u0323", n) }

// Each name of a file becomes a line that a name may be, or is refused.
func FuzzUploadName(f *testing.F) {
	for _, name := range []string{"a.png", "a\u202eb", stack(31), stack(20) + "\u200b" + stack(20)[1:], "\u1ea4" + stack(30)[1:] + "\u034f\u0323", strings.Repeat("\u0323", 40)} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, name string) {
		u, err := NewUpload("u", "c", name, 1, false)
		if err != nil {
			return
		}
		line, err := Line{"name", MaxFileName, true}.Clean(u.Name)
		if err != nil || line != u.Name {
			t.Errorf("%q becomes %q, which is no line: %q, %v", name, u.Name, line, err)
		}
	})
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

// Descriptions come with the post, each of a file that it names.
func TestDraftFiles(t *testing.T) {
	long := strings.Repeat("画", MaxAlt)
	files, err := DraftFiles([]FileID{"a", "b", "c"}, map[FileID]string{"a": " A  bed of\u00a0tulips ", "c": long, "b": ""})
	if want := []File{{ID: "a", Alt: "A bed of tulips"}, {ID: "b"}, {ID: "c", Alt: long}}; err != nil || !slices.Equal(files, want) {
		t.Errorf("%+v, %v", files, err)
	}
	for name, alts := range map[string]map[FileID]string{
		"too long": {"a": long + "x"}, "far too long": {"a": strings.Repeat("x", 5*MaxAlt)}, "two lines": {"a": "x\ny"}, "not UTF-8": {"a": "\xff"}, "nothing visible": {"a": " "},
		"an invisible one": {"a": "a\u202eb"}, "another file": {"b": "x"}, "another file, no text": {"b": ""},
	} {
		_, err := DraftFiles([]FileID{"a"}, alts)
		outcome(t, name, err, BadInput, "alts")
	}
	_, err = DraftFiles(nil, map[FileID]string{"a": "x"})
	outcome(t, "no files", err, BadInput, "alts")
	_, err = DraftFiles([]FileID{"../a"}, nil)
	outcome(t, "a wrong id", err, BadInput, "files")
	if files, err := DraftFiles(nil, nil); files != nil || err != nil {
		t.Errorf("%v, %v", files, err)
	}
}
