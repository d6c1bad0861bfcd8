package server

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"

	"parley/chat"
	"parley/middleware"
)

// file is one file of the page, held in memory.
type file struct {
	mediaType string
	plain     content
	zstd      func() content // compresses at the first call; nil if the file is not compressible
	gzip      func() content
}

// content is a file in one encoding.
type content struct {
	body     []byte
	etag     string
	encoding string // "" for none
}

// mediaTypes are the types of the page's files. The mime package's depend on the machine.
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

// pages returns the handler of the page's files. The page's own paths (/, /me, /server, /search
// and /c/…) are all index.html. A file that does not exist is 404. Where a browser navigates,
// as its Accept header says, index.html comes with that and says so; elsewhere it does not,
// so that no browser runs index.html as a script. Names below assets/ contain a hash of the
// content and are cached for ever; other files are revalidated by their ETag.
func pages(web fs.FS) func(http.ResponseWriter, *http.Request) error {
	files := readFiles(web)
	return func(w http.ResponseWriter, r *http.Request) error {
		name := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), "/")
		if name == "" || name == "c" || name == "me" || name == "server" || name == "search" || strings.HasPrefix(name, "c/") {
			name = "index.html"
		}
		f, ok := files[name]
		if page := files["index.html"]; !ok && page != nil && acceptsHTML(r.Header) {
			page.serveNotFound(w)
			return nil
		}
		if !ok {
			return chat.Fail(chat.NotFound, "there is nothing at this path")
		}
		keep := "no-cache"
		if strings.HasPrefix(name, "assets/") {
			keep = "public, max-age=31536000, immutable"
		}
		f.serve(w, r, keep)
		return nil
	}
}

// acceptsHTML reports whether the request is of a browser that navigates: it asks for
// text/html by name, unlike one that loads a script or calls the API.
func acceptsHTML(h http.Header) bool {
	return strings.Contains(strings.ToLower(strings.Join(h["Accept"], ",")), "text/html")
}

// serveNotFound answers 404 with the whole file.
func (f *file) serveNotFound(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("Vary", "Accept")
	h.Set("Content-Type", f.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(f.plain.body)))
	w.WriteHeader(http.StatusNotFound)
	_, _ = w.Write(f.plain.body) // fails if the client has disconnected
}

// serve answers with the whole file; ranges are ignored, as RFC 9110 allows.
func (f *file) serve(w http.ResponseWriter, r *http.Request, keep string) {
	h, c := w.Header(), f.plain
	h.Set("Cache-Control", keep)
	if f.zstd != nil {
		h.Set("Vary", "Accept-Encoding")
		switch middleware.ContentEncoding(r.Header) {
		case "zstd":
			c = f.zstd()
		case "gzip":
			c = f.gzip()
		}
	}
	h.Set("ETag", c.etag)
	// An entity tag is unique in the list by its quotes.
	if known := r.Header.Get("If-None-Match"); known == "*" || strings.Contains(known, c.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.mediaType)
	h.Set("Content-Length", strconv.Itoa(len(c.body)))
	if c.encoding != "" {
		h.Set("Content-Encoding", c.encoding)
	}
	_, _ = w.Write(c.body) // fails if the client has disconnected
}

// readFiles reads all files of the page. They are part of the binary, so a failure is a
// programming error.
func readFiles(web fs.FS) map[string]*file {
	files := map[string]*file{}
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
		files[name] = newFile(body, mediaType)
		return nil
	})
	if err != nil {
		panic(err)
	}
	return files
}
