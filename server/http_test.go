package server

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/chat"
	"parley/wire"
)

func TestCodecs(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	for accept, want := range map[string]string{
		"": "application/json", "*/*": "application/json", "text/html": "application/json", "application/json": "application/json",
		"application/msgpack": "application/msgpack", "application/vnd.msgpack": "application/vnd.msgpack",
		"application/x-msgpack": "application/x-msgpack", "text/html, application/msgpack;q=0.5": "application/msgpack",
		"application/msgpack;q=0": "application/json", "APPLICATION/MSGPACK": "application/msgpack", ";;;": "application/json",
		"application/json, application/msgpack": "application/json", "application/msgpack, application/json": "application/msgpack",
		"application/msgpack;q=0.5, application/json": "application/json", "application/json;q=0.5, application/msgpack": "application/msgpack",
		"application/json;q=0.9,application/msgpack;q=0.8": "application/json", "application/json, */*;q=0.1": "application/json",
		"application/msgpack, */*": "application/msgpack", "application/msgpack;q=0.1, */*": "application/json",
		"application/json;q=0.1, */*": "application/msgpack", "application/json;q=0, application/*": "application/msgpack",
		"application/x-msgpack;q=0.1, application/vnd.msgpack": "application/vnd.msgpack", "*/*;q=0": "application/json",
		"application/json;q=0": "application/json", "application/msgpack;q=x, application/json;q=0.1": "application/json",
		"application/json; charset=utf-8; q=0.2, application/msgpack ; q=0.3": "application/msgpack",
	} {
		c := *ann
		c.header = ann.header.Clone()
		c.header["Accept"] = []string{accept}
		for _, path := range []string{"/api/me", "/api/nothing"} { // errors too
			a := c.call("GET", path, nil)
			if got := a.header.Get("Content-Type"); got != want || !slices.Contains(a.header["Vary"], "Accept") {
				t.Errorf("%s, Accept %q: %s, Vary %q", path, accept, got, a.header["Vary"])
			}
		}
	}
	for mediaType, ok := range map[string]bool{
		"application/json": true, "application/json; charset=utf-8": true, "application/msgpack": false /* JSON bytes */, "": false,
		"application/json; charset=UTF-8": true, "application/json; charset=utf-16": false,
		"text/plain": false, "application/x-www-form-urlencoded": false, "application/jsonx": false, "/": false,
	} {
		c := *ann
		c.header = ann.header.Clone()
		c.header["Content-Type"] = []string{mediaType}
		a := c.call("PATCH", "/api/me", []byte(`{"status":"x"}`))
		switch {
		case ok:
			a.want(200)
		case mediaType == "application/msgpack":
			a.wantError(chat.BadInput, "")
		default:
			a.want(415)
		}
		c.call("PATCH", "/api/me", []byte{}).want(200) // nothing has no type
	}
}

// A compressed body is refused by name, and the answer says what is accepted.
func TestCompressedBodies(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write([]byte(`{"status":"x"}`))
	_ = w.Close()
	c := *ann
	for _, encoding := range []string{"gzip", "zstd", "br", "identity, gzip", "x"} {
		c.header = ann.header.Clone()
		c.header["Content-Encoding"] = []string{encoding}
		a := c.call("PATCH", "/api/me", packed.Bytes()).wantError(chat.WrongType, "Content-Encoding")
		if got := a.header.Get("Accept-Encoding"); got != "identity" {
			t.Errorf("%s: Accept-Encoding %q", encoding, got)
		}
		c.call("PATCH", "/api/me", []byte{}).want(200)
	}
	for _, encodings := range [][]string{{"identity"}, {""}, {"Identity"}} {
		c.header["Content-Encoding"] = encodings
		c.call("PATCH", "/api/me", []byte(`{"status":"x"}`)).want(200)
	}
}

// A query that cannot be read is refused: it would be taken for one without the field.
func TestMalformedQuery(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := string(ann.group())
	for path, field := range map[string]string{
		"/api/users?q=%ZZ": "q", "/api/users?q=%": "q", "/api/users?q=%4": "q", "/api/users?q=a;b": "q", "/api/users?a=1&q=%ff": "q",
		"/api/users?q=%ZZ&limit=5": "q", "/api/users?%ZZ=q": "query", "/api/users?q=a&q=b": "q", "/api/users?ids=a&ids=b": "ids",
		"/api/users?limit=%ZZ": "limit", "/api/users?limit=": "limit", "/api/users?limit=5;after=1": "limit",
		"/api/chats?open=%ZZ": "open", "/api/chats?open=": "open", "/api/chats?open=yes": "open", "/api/chats?before=%": "before",
		"/api/chats/" + id + "/messages?before=%ZZ": "before", "/api/chats/" + id + "/messages?around=1&around=2": "around",
		"/api/chats/" + id + "/events?after=%ZZ": "after", "/api/chats/" + id + "/events?wait=%ZZ": "wait",
		"/api/chats/" + id + "/members?after=%ZZ": "after",
	} {
		ann.call("GET", path, nil).wantError(chat.BadInput, field)
	}
	ann.call("DELETE", "/api/sessions?except=%ZZ", nil).wantError(chat.BadInput, "except")
	ann.call("PATCH", "/api/me?x=%ZZ", m{"status": "changed"}).wantError(chat.BadInput, "x")
	x.anonymous().call("GET", "/api/users?q=%ZZ", nil).wantError(chat.NoIdentity, "")
	for _, path := range []string{"/api/users?q=a%26b", "/api/users?q=", "/api/users?", "/api/users?&", "/api/users?q=%C3%A9", "/api/users?unknown=1"} {
		ann.call("GET", path, nil).want(200)
	}
}

func TestBodies(t *testing.T) {
	x := start(t, func(c *Config) { c.Limits.Body = 1000 })
	ann := x.addUser("ann")
	for _, body := range []string{"{", "[]", "7", `"a"`, "{}{}", `{"a":1} x`, strings.Repeat(`{"a":`, 100) + "1" + strings.Repeat("}", 100)} {
		ann.call("PATCH", "/api/me", []byte(body)).wantError(chat.BadInput, "")
	}
	ann.call("PATCH", "/api/me", []byte(`{"unknown": [1, {"a": null}], "name": null}`)).want(200)
	long := bytes.Repeat([]byte{' '}, 1001)
	ann.call("PATCH", "/api/me", long).wantError(chat.TooLarge, "")

	// A body without a stated length.
	r, err := http.NewRequest("PATCH", x.url+"/api/me", io.MultiReader(bytes.NewReader(long)))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = ann.header.Clone()
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("status %d", res.StatusCode)
	}
	ann.msgpack = true
	for _, body := range [][]byte{{0xc1}, {0xd6}, {0x81}, {0x81, 0xa4}, bytes.Repeat([]byte{0x91}, 900), {0xdf, 0xff, 0xff, 0xff, 0xff}, {0x80, 0x80}} {
		ann.call("PATCH", "/api/me", body).wantError(chat.BadInput, "")
	}
	ann.call("PATCH", "/api/me", wire.MsgPack.Encode(m{"name": []byte("bin")})).wantError(chat.BadInput, "name")
}

// The router's own errors have the same form.
func TestRouter(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	for _, path := range []string{"/api", "/api/", "/api/nothing", "/nothing", "/api/../x", "/api/me/"} {
		for _, c := range []*client{ann, x.anonymous()} {
			c.call("GET", path, nil).wantError(chat.NotFound, "")
		}
	}
	if a := ann.call("HEAD", "/api/me", nil).want(200); len(a.body) > 0 || a.header.Get("Content-Length") == "" {
		t.Errorf("HEAD: %d bytes", len(a.body))
	}
}

// Allow lists exactly the methods that do not answer 405: those of the document, and HEAD
// beside GET. A path without any is not found, whatever the method. No identity is needed
// to learn that.
func TestAllow(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	want := map[string][]string{"/": {"GET"}, "/main.js": {"GET"}, "/nothing": {"GET"}} // of the page
	for _, path := range []string{"/api", "/api/", "/api/nothing", "/api/me/", "/api/chats/", "/api/chats/x/", "/api/chats/x/nothing", "/api/invites/"} {
		want[path] = nil
	}
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		want[inPath.ReplaceAllString(path, "0123456789abcdef")] = slices.Collect(maps.Keys(item.Operations()))
	}
	for path, allow := range want {
		if slices.Contains(allow, "GET") {
			allow = append(allow, "HEAD")
		}
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"} {
			for _, c := range []*client{x.anonymous(), ann} {
				a := c.call(method, path, nil)
				switch {
				case allow == nil && (a.status != http.StatusNotFound || a.header.Get("Allow") != ""):
					t.Errorf("%s %s: %d, Allow %q", method, path, a.status, a.header.Get("Allow"))
				case allow == nil || slices.Contains(allow, method):
					if a.status == http.StatusMethodNotAllowed {
						t.Errorf("%s %s: %d", method, path, a.status)
					}
				case method == "HEAD":
					a.want(http.StatusMethodNotAllowed)
				default:
					a.wantError(chat.MethodNotAllowed, "")
					got := strings.Split(a.header.Get("Allow"), ", ")
					slices.Sort(got)
					slices.Sort(allow)
					if !slices.Equal(got, allow) {
						t.Errorf("%s %s: Allow %q, want %q", method, path, got, allow)
					}
				}
			}
		}
	}
}

// HEAD of a path that GET takes is never 405, nor with the headers of an upgrade.
func TestHeadIsNoUpgrade(t *testing.T) {
	c := start(t).anonymous()
	c.header = http.Header{"Connection": {"Upgrade"}, "Upgrade": {"websocket"}, "Sec-Websocket-Version": {"13"}, "Sec-Websocket-Key": {"dGhlIHNhbXBsZSBub25jZQ=="}}
	c.call("HEAD", "/api/socket", nil).want(http.StatusUpgradeRequired)
}

var inPath = regexp.MustCompile(`{\w+}`)

// failingStore is a store that fails or panics.
type failingStore struct {
	chat.Store
	err error
}

func (b failingStore) Server(context.Context) (chat.Server, error) {
	if b.err == nil {
		panic("a wrong turn with password hunter2")
	}
	return chat.Server{}, b.err
}

func (b failingStore) Ping(context.Context) error { return b.err }

func TestServerFailures(t *testing.T) {
	var fault failingStore
	x := start(t, func(c *Config) { fault.Store = c.Store; c.Store = &fault })
	anonymous := x.anonymous()
	anonymous.call("GET", "/api/server", nil).wantError(chat.Internal, "") // it panics
	if !strings.Contains(x.logs.String(), "a wrong turn") {
		t.Error("the panic is not in the log")
	}
	fault.err = io.ErrUnexpectedEOF
	e := anonymous.call("GET", "/api/server", nil).wantError(chat.Internal, "").failure()
	if strings.Contains(e.Message, "EOF") {
		t.Errorf("the error reveals internals: %s", e.Message)
	}
	if logs := x.logs.String(); !strings.Contains(logs, e.RequestID) || !strings.Contains(logs, "unexpected EOF") {
		t.Error("the cause is not in the log beside the request's id")
	}
	fault.err = chat.FailCause(chat.Unavailable, io.ErrUnexpectedEOF, "the disk is full")
	anonymous.call("GET", "/api/server", nil).wantError(chat.Unavailable, "")
	anonymous.call("GET", "/readyz", nil).wantError(chat.Unavailable, "")
	anonymous.call("GET", "/healthz", nil).want(200)
}

// A caller who causes many failures of the server does not fill the log.
func TestServerFailuresAreSampled(t *testing.T) {
	fault := failingStore{err: io.ErrUnexpectedEOF}
	x := start(t, func(c *Config) { fault.Store = c.Store; c.Store = &fault })
	for range 100 {
		x.anonymous().call("GET", "/api/server", nil).wantError(chat.Internal, "")
	}
	x.s.sampler.Flush()
	if logs := x.logs.String(); strings.Count(logs, "unexpected EOF") != 10 || !strings.Contains(logs, `msg="more failures" count=90`) {
		t.Errorf("logged %s", logs)
	}
}

// fullDiskStore is a store whose disk may be full.

// A large answer is compressed; one with a token never is.
func TestCompression(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	id := ann.group()
	ann.post(id, strings.Repeat("hello ", 1000))
	c := *ann
	c.header = ann.header.Clone()
	c.header.Set("Accept-Encoding", "gzip")
	r, err := http.NewRequest("GET", x.url+"/api/chats/"+string(id)+"/messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header = c.header
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	plain, err := gzip.NewReader(res.Body)
	if err != nil {
		t.Fatalf("%v, Content-Encoding %q", err, res.Header.Get("Content-Encoding"))
	}
	if body, err := io.ReadAll(plain); err != nil || len(body) < 6000 {
		t.Errorf("%d bytes, %v", len(body), err)
	}
	// Quotes are escaped in JSON, so that this answer is long enough.
	quotes := func(n int) string { return strings.Repeat(`"`, n) }
	c.call("PATCH", "/api/me", m{"name": quotes(chat.MaxName), "status": quotes(chat.MaxStatus)}).want(200)
	c.header.Set("User-Agent", quotes(5000))
	a := c.call("POST", "/api/sessions", m{"handle": "ann", "password": password, "label": quotes(chat.MaxLabel)}).want(201)
	if enc := a.header.Get("Content-Encoding"); enc != "" || len(a.body) < 1<<10 {
		t.Errorf("a token comes in %q, %d bytes", enc, len(a.body))
	}
}
