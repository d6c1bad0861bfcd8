package server

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"parley/chat"
	"parley/middleware"
	"parley/server/api"
	"parley/wire"
)

// setPicture sets a picture at a path and returns its id.
func (c *client) setPicture(path string) string {
	c.server.t.Helper()
	var out struct {
		User chat.User `json:"user"`
		Chat chat.Chat `json:"chat"`
	}
	c.call("PUT", path, testPicture(c.server.t, "place.jpg")).want(200).into(&out)
	if id := out.User.Picture + out.Chat.Picture; id != "" {
		return string(id)
	}
	c.server.t.Fatal("there is no picture")
	return ""
}

// photo returns a picture of w x h pixels, red on the left and blue on the right.
func photo(t testing.TB, w, h int, encode func(*bytes.Buffer, image.Image) error) []byte {
	t.Helper()
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{R: 200, A: 255}
			if x >= w/2 {
				c = color.RGBA{B: 200, A: 255}
			}
			img.Set(x, y, c)
		}
	}
	var b bytes.Buffer
	if err := encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func asJPEG(b *bytes.Buffer, img image.Image) error { return jpeg.Encode(b, img, nil) }
func asPNG(b *bytes.Buffer, img image.Image) error  { return png.Encode(b, img) }

// A picture is shown to everybody at once, is a small square without metadata, and its bytes
// leave the disk with the next one.
func TestPictures(t *testing.T) {
	dir := t.TempDir()
	x := start(t, withFiles(t, dir))
	ann, bob, eve := x.addUser("ann"), x.addUser("bob"), x.addUser("eve")
	id := ann.group(bob)
	ann.chat(chat.NewChat{Kind: chat.Direct}, bob)
	p := bob.connectLive(wire.JSON)
	of := "/api/chats/" + string(id) + "/picture"

	mine := ann.setPicture("/api/me/picture")
	for {
		if v := p.signal(string(chat.SignalUser)); v.User.ID == ann.user.ID {
			if string(v.User.Picture) != mine {
				t.Errorf("bob is told %s", v.raw)
			}
			break
		}
	}
	group := ann.setPicture(of)
	if v := p.event(id, 3); v.Event != chat.Renamed || v.Picture == nil || string(*v.Picture) != group || v.Title != "Group" {
		t.Errorf("the members are told %s", v.raw)
	}
	var users struct{ Users []chat.User }
	eve.call("GET", "/api/users?ids="+string(ann.user.ID), nil).want(200).into(&users)
	if string(users.Users[0].Picture) != mine {
		t.Errorf("eve sees %+v", users.Users)
	}
	if again := bob.connect(wire.MsgPack); string(again.hello.Chats[0].Picture)+string(again.hello.Chats[1].Picture) != group {
		t.Errorf("hello has %+v", again.hello.Chats)
	}
	for _, picture := range []string{mine, group} {
		a := eve.call("GET", "/api/pictures/"+picture, nil).want(200)
		cfg, kind, err := image.DecodeConfig(bytes.NewReader(a.body))
		if err != nil || kind != "jpeg" || cfg.Width != 48 || cfg.Height != 48 {
			t.Errorf("a %s of %d x %d, %v", kind, cfg.Width, cfg.Height, err)
		}
		if bytes.Contains(a.body, []byte("SECRETPLACE")) || bytes.Contains(a.body, []byte("Exif")) {
			t.Error("it has metadata")
		}
		h := a.header
		if h.Get("Cache-Control") != "private, max-age=31536000, immutable" || h.Get("Content-Type") != "image/jpeg" || h.Get("X-Content-Type-Options") != "nosniff" ||
			h.Get("Content-Security-Policy") != "default-src 'none'; sandbox" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || !strings.HasPrefix(h.Get("Content-Disposition"), "inline") {
			t.Errorf("%v", h)
		}
		eve.header.Set("If-None-Match", h.Get("ETag"))
		eve.call("GET", "/api/pictures/"+picture, nil).want(304)
		eve.header.Del("If-None-Match")
		x.anonymous().call("GET", "/api/pictures/"+picture, nil).want(401)
	}

	// Replaced and removed: gone from the server and from the disk.
	next := ann.setPicture("/api/me/picture")
	ann.setPicture(of)
	eve.call("GET", "/api/pictures/"+mine, nil).wantError(chat.NotFound, "pictureId")
	eventually(t, func() bool { return len(namesIn(t, dir)) == 2 })
	var me api.UserAnswer
	ann.call("DELETE", "/api/me/picture", nil).want(200).into(&me)
	var out api.ChatAnswer
	ann.call("DELETE", of, nil).want(200).into(&out)
	if me.User.Picture != "" || out.Chat.Picture != "" {
		t.Errorf("they have %q, %q", me.User.Picture, out.Chat.Picture)
	}
	ann.call("DELETE", of, nil).want(200) // nothing changes
	if v := p.event(id, 5); v.Picture == nil || *v.Picture != "" {
		t.Errorf("the members are told %s", v.raw)
	}
	eve.call("GET", "/api/pictures/"+next, nil).want(404)
	eventually(t, func() bool { return len(namesIn(t, dir)) == 0 })
	ann.setPicture(of)
	ann.call("DELETE", "/api/chats/"+string(id), nil).want(204)
	eventually(t, func() bool { return len(namesIn(t, dir)) == 0 })
}

// A picture is cut from the middle, upright, and never enlarged.
func TestPictureIsSquare(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	for name, c := range map[string]struct {
		body []byte
		side int
	}{
		"wide":  {body: photo(t, 3000, 1000, asJPEG), side: 512},
		"high":  {body: photo(t, 100, 900, asPNG), side: 100},
		"tiny":  {body: photo(t, 2, 1, asPNG), side: 1},
		"large": {body: photo(t, 1500, 1500, asPNG), side: 512},
	} {
		ann.call("PUT", "/api/me/picture", c.body).want(200)
		var me api.UserAnswer
		ann.call("GET", "/api/me", nil).want(200).into(&me)
		img, kind, err := image.Decode(bytes.NewReader(ann.call("GET", "/api/pictures/"+string(me.User.Picture), nil).want(200).body))
		if err != nil || kind != "jpeg" || img.Bounds().Dx() != c.side || img.Bounds().Dy() != c.side {
			t.Errorf("%s: a %s of %v, %v", name, kind, img.Bounds(), err)
			continue
		}
		if c.side > 1 { // the middle is where red meets blue
			r, _, b, _ := img.At(c.side/4, c.side/2).RGBA()
			r2, _, b2, _ := img.At(c.side*3/4, c.side/2).RGBA()
			if r < b || r2 > b2 {
				t.Errorf("%s is not its middle", name)
			}
		}
	}
}

// An animated picture stands still as that of a user.
func TestPictureOfAnAnimation(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	for _, name := range []string{"place.gif", "animated-lossy.webp", "animated-alpha.webp"} {
		var me api.UserAnswer
		ann.call("PUT", "/api/me/picture", testPicture(t, name)).want(200).into(&me)
		body := ann.call("GET", "/api/pictures/"+string(me.User.Picture), nil).want(200).body
		if _, kind, err := image.Decode(bytes.NewReader(body)); err != nil || kind == "gif" || kind == "webp" {
			t.Errorf("%s becomes %q, %v", name, kind, err)
		}
	}
}

// Whatever is not a small picture is refused before it is decoded, and nothing of it stays.
func TestPicturesAreRefused(t *testing.T) {
	dir := t.TempDir()
	x := start(t, withFiles(t, dir))
	ann := x.addUser("ann")
	id := ann.group()
	huge := photo(t, 2, 2, asPNG)
	binary.BigEndian.PutUint32(huge[16:], 16384)
	binary.BigEndian.PutUint32(huge[20:], 16384)
	binary.BigEndian.PutUint32(huge[29:], crc32.ChecksumIEEE(huge[12:29]))
	for _, path := range []string{"/api/me/picture", "/api/chats/" + string(id) + "/picture"} {
		for name, body := range map[string][]byte{"none": {}, "a text": []byte("hello"), "a page": []byte("<svg xmlns='http://www.w3.org/2000/svg'/>"),
			"a video": testPicture(t, "place.mp4"), "AVIF": testPicture(t, "place.avif"), "too many pixels": huge, "a part": testPicture(t, "place.jpg")[:200]} {
			a := ann.call("PUT", path, body)
			if a.status != 400 || a.failure().Field != "picture" {
				t.Errorf("%s: %d %s", name, a.status, a.body)
			}
		}
		ann.call("PUT", path, append(testPicture(t, "place.jpg"), make([]byte, chat.MaxPicture)...)).wantError(chat.FileTooLarge, "")
		ann.header.Set("Content-Encoding", "gzip")
		ann.call("PUT", path, testPicture(t, "place.jpg")).wantError(chat.WrongType, "Content-Encoding")
		ann.header.Del("Content-Encoding")
	}
	eventually(t, func() bool { return len(namesIn(t, dir)) == 0 })
	usage, err := x.store.FileUsage(t.Context())
	if err != nil || usage != (chat.FileUsage{}) {
		t.Errorf("%+v, %v", usage, err)
	}
	ann.call("GET", "/api/pictures/..", nil).wantError(chat.BadInput, "pictureId")
	other := ann.chat(chat.NewChat{Kind: chat.Direct}, x.addUser("bob"))
	ann.call("PUT", "/api/chats/"+string(other)+"/picture", testPicture(t, "place.jpg")).wantError(chat.Forbidden, "")
}

// Pictures count in the quotas, and are refused while the disk is full or no files are stored.
func TestPictureLimits(t *testing.T) {
	body := testPicture(t, "place.jpg")
	x := start(t, withFiles(t, t.TempDir()), func(c *Config) { c.Limits.Uploads = middleware.Size(len(body)) })
	ann := x.addUser("ann")
	ann.call("PUT", "/api/me/picture", body).want(200)
	ann.call("PUT", "/api/me/picture", body).wantError(chat.QuotaExceeded, "")
	start(t).addUser("ann").call("PUT", "/api/me/picture", body).wantError(chat.Forbidden, "")
}

// A picture that a killed server stored and did not set, and one whose removal it did not
// finish, are removed later.
func TestPicturesOfAKilledServer(t *testing.T) {
	dir, path := t.TempDir(), filepath.Join(t.TempDir(), "parley.db")
	x := startOn(t, path, withFiles(t, dir))
	ann := x.addUser("ann")
	id := ann.setPicture("/api/me/picture")
	x.stop()
	x = startOn(t, path) // without the files
	ann = &client{server: x, user: ann.user, header: ann.header}
	ann.call("GET", "/api/pictures/"+id, nil).want(404)
	ann.call("DELETE", "/api/me/picture", nil).want(200)
	late := chat.NewPicture(ann.user.ID, 5)
	late.ExpiresAt = chat.Now() - 1
	if err := x.store.CreateUpload(t.Context(), late, 0); err != nil {
		t.Fatal(err)
	}
	x.stop()
	if err := os.WriteFile(filepath.Join(dir, string(late.ID)), []byte("hello"), 0o600); err != nil {
		t.Fatal(err)
	}
	if len(namesIn(t, dir)) != 2 {
		t.Fatal("the picture is gone too early")
	}
	startOn(t, path, withFiles(t, dir))
	eventually(t, func() bool { return len(namesIn(t, dir)) == 0 })
}
