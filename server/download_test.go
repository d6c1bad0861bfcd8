package server

import (
	"bytes"
	"mime"
	"net/url"
	"strings"
	"testing"

	"parley/chat"
	"parley/server/api"
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
		{"Range", "bytes=0-0" + strings.Repeat(",2-2", 15), 206, nil},
		{"Range", "bytes=0-0" + strings.Repeat(",2-2", 16), 200, body},
		{"Range", "bytes=0-0" + strings.Repeat(",2-2", 7000), 200, body},
		{"Range", "bytes=0-" + strings.Repeat(",0-", 10), 200, body}, // more than the file has
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

// A name is the same whichever call brings it, and a download cannot be led to another one.
func TestHostileFileNames(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	id := ann.group()
	for name, want := range map[string]string{
		"../../etc/passwd": "passwd", `..\..\boot.ini`: "boot.ini", strings.Repeat("a/", 4000) + "b": "b", "/": "file", "..": "file", "a/.": "file", "a\x00b.png": "ab.png",
		"annexe\u202egpj.exe": "annexegpj.exe", "\u2066a\u2069": "a", "a\r\nSet-Cookie: b": "aSet-Cookie: b", strings.Repeat("x", 255): strings.Repeat("x", 255),
	} {
		one := ann.upload(id, "name="+url.QueryEscape(name), []byte("x"))
		path := ann.tus("POST", "/api/uploads", map[string]string{"Upload-Metadata": tusHeader(id, name), "Upload-Length": "1"}, []byte("x")).want(201).header.Get("Location")
		pieces := ann.postedFile(id, chat.FileID(strings.TrimPrefix(path, "/api/uploads/")))
		if one.Name != want || pieces.Name != want {
			t.Errorf("%.30q becomes %q and %q, want %q", name, one.Name, pieces.Name, want)
		}
		_, params, err := mime.ParseMediaType(ann.call("GET", filePath(id, one.ID), nil).want(200).header.Get("Content-Disposition"))
		if err != nil || params["filename"] != want {
			t.Errorf("%.30q is downloaded as %q, %v", name, params["filename"], err)
		}
	}
	for _, name := range []string{strings.Repeat("x", 256), strings.Repeat("x", 10_000), strings.Repeat("\u202e", 6000) + "x"} {
		ann.tus("POST", "/api/uploads", map[string]string{"Upload-Metadata": tusHeader(id, name), "Upload-Length": "1"}, []byte("x")).wantError(chat.BadInput, "name")
		if len(name) <= 10_000 {
			ann.call("POST", "/api/chats/"+string(id)+"/files?name="+name, []byte("x")).wantError(chat.BadInput, "name")
		}
	}
}

// postedFile posts a file and returns it.
func (c *client) postedFile(id chat.ChatID, file chat.FileID) chat.File {
	c.server.t.Helper()
	var out api.MessageAnswer
	c.call("POST", "/api/chats/"+string(id)+"/messages", m{"clientId": file, "files": []chat.FileID{file}}).want(201).into(&out)
	return out.Message.Files[0]
}
