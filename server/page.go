package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"

	"parley/chat"
)

// file is one file of the page, held in memory.
type file struct {
	body      []byte
	mediaType string
	etag      string
}

// What the mime package leaves to the machine's own tables.
var mediaTypes = map[string]string{
	".css":         "text/css; charset=utf-8",
	".html":        "text/html; charset=utf-8",
	".ico":         "image/x-icon",
	".js":          "text/javascript; charset=utf-8",
	".json":        "application/json",
	".map":         "application/json",
	".png":         "image/png",
	".svg":         "image/svg+xml",
	".webmanifest": "application/manifest+json",
	".woff2":       "font/woff2",
}

// pages serves the page. Its own paths (/, /me, /server and /c/…) are all index.html; a file
// that is not there is 404 and never index.html, so that no script is read from
// a page. Names below assets/ hold a hash of their content and are kept for
// ever; anything else is asked for again, by its ETag.
func (s *Server) pages() func(http.ResponseWriter, *http.Request) error {
	files := readFiles(s.Web)
	return func(w http.ResponseWriter, r *http.Request) error {
		name := strings.TrimPrefix(r.URL.Path, "/")
		if name == "" || name == "c" || name == "me" || name == "server" || strings.HasPrefix(name, "c/") {
			name = "index.html"
		}
		f, ok := files[name]
		if !ok {
			return chat.Fail(chat.NotFound, "there is nothing here")
		}
		keep := "no-cache"
		if strings.HasPrefix(name, "assets/") {
			keep = "public, max-age=31536000, immutable"
		}
		w.Header().Set("Cache-Control", keep)
		w.Header().Set("Content-Type", f.mediaType)
		w.Header().Set("ETag", f.etag)
		http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(f.body))
		return nil
	}
}

// readFiles reads the whole page once. It is part of the binary, so a failure
// is a programming error.
func readFiles(web fs.FS) map[string]file {
	files := map[string]file{}
	if web == nil {
		return files
	}
	err := fs.WalkDir(web, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		body, err := fs.ReadFile(web, name)
		if err != nil {
			return err
		}
		mediaType := mediaTypes[path.Ext(name)]
		if mediaType == "" {
			mediaType = mime.TypeByExtension(path.Ext(name))
		}
		if mediaType == "" {
			mediaType = "application/octet-stream"
		}
		sum := sha256.Sum256(body)
		files[name] = file{body, mediaType, `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
		return nil
	})
	if err != nil {
		panic(err)
	}
	return files
}
