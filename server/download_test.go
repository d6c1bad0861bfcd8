package server

import (
	"bytes"
	"strings"
	"testing"
)

// A file of a type that could run in a browser is a download, whatever it claims to be, and
// nothing that is shown may run.
func TestFileHeaders(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	png, gifJS := testPicture(t, "place.png"), append([]byte("GIF89a/*"), []byte("*/=1;alert(1)//")...)
	for _, c := range []struct {
		name, body, typ string
		inline          bool
	}{
		{"a.png", string(png), "image/png", true},
		{"a.html", string(png), "image/png", true}, // the name has no say
		{"clip.mp4", string(testPicture(t, "place.mp4")), "video/mp4", true},
		{"a.png", "<!doctype html><script>alert(1)</script>", "application/octet-stream", false},
		{"a.svg", `<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`, "", false},
		{"a.pdf", "%PDF-1.7\n1 0 obj<</S/JavaScript/JS(app.alert(1))>>", "application/pdf", false},
		{"a.txt", "hello", "text/plain; charset=utf-8", false},
		{"a.xml", "<?xml version=\"1.0\"?><x:script xmlns:x=\"http://www.w3.org/1999/xhtml\">alert(1)</x:script>", "", false},
		{"a.gif", string(gifJS), "image/gif", true},
		{"a\"; filename=b.exe", "x", "text/plain; charset=utf-8", false},
		{"日本.bin", string(random(100)), "application/octet-stream", false},
	} {
		f := ann.upload(id, "keepMetadata=true&name="+queryEscape(c.name), []byte(c.body))
		if f.Name != c.name || f.Size != int64(len(c.body)) {
			t.Errorf("%s: %+v", c.name, f)
		}
		ann.postFiles(id, "", f)
		for query, inline := range map[string]bool{"": c.inline, "?download=1": false} {
			a := bob.call("GET", filePath(id, f.ID)+query, nil).want(200)
			disposition := a.header.Get("Content-Disposition")
			if got := strings.HasPrefix(disposition, "inline"); got != inline || !got && !strings.HasPrefix(disposition, "attachment; filename") {
				t.Errorf("%s%s: Content-Disposition %q", c.name, query, disposition)
			}
			if typ := a.header.Get("Content-Type"); c.typ != "" && typ != c.typ || strings.Contains(typ, "html") || strings.Contains(typ, "xml") {
				t.Errorf("%s: Content-Type %q, want %q", c.name, typ, c.typ)
			}
			for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox",
				"Cross-Origin-Resource-Policy": "same-origin", "Cache-Control": "private, no-cache", "ETag": `"` + string(f.ID) + `"`, "Content-Encoding": "", "Accept-Ranges": "bytes"} {
				if got := a.header.Get(name); got != want {
					t.Errorf("%s: %s %q, want %q", c.name, name, got, want)
				}
			}
			if string(a.body) != c.body {
				t.Errorf("%s: other bytes", c.name)
			}
		}
	}
}

func queryEscape(s string) string {
	return strings.NewReplacer(" ", "%20", `"`, "%22", ";", "%3B", "=", "%3D").Replace(s)
}

func TestFileRanges(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	id, body := ann.group(), random(300_000)
	f := ann.upload(id, "name=a.bin", body)
	path, etag := filePath(id, f.ID), `"`+string(f.ID)+`"`
	for _, c := range []struct {
		header, value string
		status        int
		want          []byte
	}{
		{"Range", "bytes=0-99", 206, body[:100]},
		{"Range", "bytes=299990-", 206, body[299_990:]},
		{"Range", "bytes=-10", 206, body[299_990:]},
		{"Range", "bytes=300000-", 416, nil},
		{"If-None-Match", etag, 304, nil},
		{"If-None-Match", `"other"`, 200, body},
	} {
		ann.header.Set(c.header, c.value)
		a := ann.call("GET", path, nil).want(c.status)
		if c.want != nil && !bytes.Equal(a.body, c.want) {
			t.Errorf("%s %s: %d other bytes", c.header, c.value, len(a.body))
		}
		ann.header.Del(c.header)
	}
	if a := ann.call("HEAD", path, nil).want(200); a.header.Get("Content-Length") != "300000" {
		t.Errorf("HEAD: %v", a.header)
	}
}

// Only members read a file, also one that they have in their cache.
func TestFileMembership(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann, bob, eve := x.addUser("ann"), x.addUser("bob"), x.addUser("eve")
	id := ann.group(bob)
	f := ann.upload(id, "name=a.jpg", testPicture(t, "place.jpg"))
	free := ann.upload(id, "name=b", []byte("not posted"))
	ann.postFiles(id, "", f)
	paths := []string{filePath(id, f.ID), filePath(id, f.ID) + "/thumb", "/api/chats/" + string(id) + "/files"}
	for _, path := range paths {
		bob.call("GET", path, nil).want(200)
		eve.call("GET", path, nil).want(404)
		x.anonymous().call("GET", path, nil).want(401)
	}
	bob.call("GET", filePath(id, free.ID), nil).want(404)
	ann.call("GET", filePath(id, free.ID), nil).want(200)
	ann.call("GET", filePath(ann.group(), f.ID), nil).want(404)
	ann.call("DELETE", "/api/chats/"+string(id)+"/members/"+string(bob.user.ID), nil).want(204)
	for _, path := range paths {
		bob.header.Set("If-None-Match", `"`+string(f.ID)+`", "`+string(f.ID)+`-thumb"`)
		bob.call("GET", path, nil).want(404)
	}
}
