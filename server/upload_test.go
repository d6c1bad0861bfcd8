package server

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"

	"parley/chat"
)

// tusHeader is Upload-Metadata.
func tusHeader(id chat.ChatID, name string) string {
	b := base64.StdEncoding.EncodeToString
	return "filename " + b([]byte(name)) + ",filetype " + b([]byte("image/png")) + ",chatId " + b([]byte(id)) + ",empty"
}

// tus makes a request of tus.
func (c *client) tus(method, path string, header map[string]string, body []byte) *answer {
	c.server.t.Helper()
	defer func(h http.Header) { c.header = h }(c.header)
	c.header = c.header.Clone()
	c.header.Set("Tus-Resumable", "1.0.0")
	for k, v := range header {
		c.header.Set(k, v)
	}
	if body == nil {
		return c.call(method, path, nil)
	}
	c.header.Set("Content-Type", "application/offset+octet-stream")
	return c.call(method, path, body)
}

func TestTus(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id, body := ann.group(bob), random(3<<20+7)
	options := x.anonymous().call("OPTIONS", "/api/uploads", nil).want(204).header
	if options.Get("Tus-Version") != "1.0.0" || options.Get("Tus-Max-Size") != "104857600" || !strings.Contains(options.Get("Tus-Extension"), "creation-with-upload") {
		t.Errorf("%v", options)
	}
	ann.call("POST", "/api/uploads", nil).want(412)
	meta := tusHeader(id, "a b.bin")
	create := func(header map[string]string, body []byte) *answer {
		return ann.tus("POST", "/api/uploads", header, body)
	}
	create(map[string]string{"Upload-Metadata": meta}, nil).wantError(chat.BadInput, "Upload-Length")
	create(map[string]string{"Upload-Metadata": meta, "Upload-Length": "-1"}, nil).wantError(chat.BadInput, "Upload-Length")
	create(map[string]string{"Upload-Metadata": meta, "Upload-Length": "104857601"}, nil).wantError(chat.FileTooLarge, "")
	create(map[string]string{"Upload-Metadata": "filename !!", "Upload-Length": "1"}, nil).wantError(chat.BadInput, "Upload-Metadata")
	create(map[string]string{"Upload-Metadata": "filename YQ==", "Upload-Length": "1"}, nil).wantError(chat.BadInput, "chatId")
	bob.tus("POST", "/api/uploads", map[string]string{"Upload-Metadata": tusHeader(ann.group(), "x"), "Upload-Length": "1"}, nil).wantError(chat.NotFound, "chatId")

	a := create(map[string]string{"Upload-Metadata": meta, "Upload-Length": fmt.Sprint(len(body))}, body[:10]).want(201)
	location := a.header.Get("Location")
	file := chat.FileID(strings.TrimPrefix(location, "/api/uploads/"))
	if a.header.Get("Upload-Offset") != "10" || a.header.Get("Upload-Expires") == "" || a.header.Get("Tus-Resumable") != "1.0.0" {
		t.Fatalf("%v", a.header)
	}
	patch := func(offset int, piece []byte) *answer {
		return ann.tus("PATCH", location, map[string]string{"Upload-Offset": fmt.Sprint(offset)}, piece)
	}
	for _, offset := range []int{0, 9, 11, len(body)} {
		patch(offset, []byte("wrong")).wantError(chat.Conflict, "Upload-Offset")
	}
	ann.tus("PATCH", location, map[string]string{"Upload-Offset": "10", "Content-Type": "text/plain"}, nil).wantError(chat.WrongType, "Content-Type")
	bob.tus("HEAD", location, nil, nil).want(404)
	bob.tus("PATCH", location, map[string]string{"Upload-Offset": "10"}, []byte("x")).want(404)
	bob.tus("DELETE", location, nil, nil).want(404)
	message := m{"clientId": "1", "files": []chat.FileID{file}}
	ann.call("POST", "/api/chats/"+string(id)+"/messages", message).wantError(chat.Conflict, "files")
	for at := 10; at < len(body); {
		end := min(at+1<<20, len(body))
		a := patch(at, body[at:end]).want(204)
		if a.header.Get("Upload-Offset") != fmt.Sprint(end) {
			t.Fatalf("%v", a.header)
		}
		at = end
		if head := ann.tus("HEAD", location, nil, nil).want(200).header; head.Get("Upload-Offset") != fmt.Sprint(at) || head.Get("Upload-Length") != fmt.Sprint(len(body)) || head.Get("Cache-Control") != "no-store" {
			t.Fatalf("%v", head)
		}
	}
	patch(len(body), []byte("more")).wantError(chat.TooLarge, "")
	ann.call("POST", "/api/chats/"+string(id)+"/messages", message).want(201)
	if a := bob.call("GET", filePath(id, file), nil).want(200); !bytes.Equal(a.body, body) || !strings.Contains(a.header.Get("Content-Disposition"), `"a b.bin"`) {
		t.Errorf("%d bytes, %v", len(a.body), a.header)
	}
	ann.tus("DELETE", location, nil, nil).wantError(chat.Conflict, "fileId")

	// An empty file, and a client that cannot send PATCH.
	a = create(map[string]string{"Upload-Metadata": meta, "Upload-Length": "0"}, nil).want(201)
	ann.postFiles(id, "", chat.File{ID: chat.FileID(strings.TrimPrefix(a.header.Get("Location"), "/api/uploads/"))})
	a = create(map[string]string{"Upload-Metadata": meta, "Upload-Length": "2"}, nil).want(201)
	location = a.header.Get("Location")
	ann.tus("POST", location, map[string]string{"X-HTTP-Method-Override": "PATCH", "Upload-Offset": "0"}, []byte("ab")).want(204)
	ann.tus("POST", location, map[string]string{"X-HTTP-Method-Override": "DELETE"}, nil).want(204)
	ann.tus("HEAD", location, nil, nil).want(404)
}

// A cut keeps what arrived, and two requests do not both send a piece.
func TestTusCut(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	id, body := ann.group(), random(1<<20)
	a := ann.tus("POST", "/api/uploads", map[string]string{"Upload-Metadata": tusHeader(id, "a"), "Upload-Length": fmt.Sprint(len(body))}, nil).want(201)
	location := a.header.Get("Location")
	conn, err := net.Dial("tcp", strings.TrimPrefix(x.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: %s\r\nAuthorization: %s\r\nTus-Resumable: 1.0.0\r\nUpload-Offset: 0\r\nContent-Type: application/offset+octet-stream\r\nContent-Length: %d\r\n\r\n",
		location, strings.TrimPrefix(x.url, "http://"), ann.header.Get("Authorization"), len(body))
	if _, err := conn.Write(body[:300_000]); err != nil {
		t.Fatal(err)
	}
	stored := func() int {
		n := 0
		_, _ = fmt.Sscan(ann.tus("HEAD", location, nil, nil).want(200).header.Get("Upload-Offset"), &n)
		return n
	}
	eventually(t, func() bool { return stored() > 0 })
	ann.tus("PATCH", location, map[string]string{"Upload-Offset": fmt.Sprint(stored())}, body[stored():]).wantError(chat.Conflict, "Upload-Offset")
	_ = conn.Close()
	var n int
	eventually(t, func() bool {
		n = stored()
		a := ann.tus("PATCH", location, map[string]string{"Upload-Offset": fmt.Sprint(n)}, body[n:])
		return a.status == 204
	})
	if n != 300_000 {
		t.Errorf("%d bytes were kept", n)
	}
	file := chat.FileID(strings.TrimPrefix(location, "/api/uploads/"))
	if got := ann.call("GET", filePath(id, file), nil).want(200).body; !bytes.Equal(got, body) {
		t.Error("other bytes")
	}
}
