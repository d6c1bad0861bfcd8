// Package transfer receives and sends the bytes of files over HTTP, for as long as they make
// progress.
package transfer

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

	"parley/chat"
	"parley/server/media"
)

// A transfer may take as long as it needs while it makes progress: step bytes within
// stepTime, at least.
const (
	step       = 64 << 10
	stepTime   = 30 * time.Second
	answerTime = 2 * time.Minute // for the answer to an upload: a picture may wait for its thumbnail
)

// Body is the body of an upload. It extends the deadlines of the connection by its
// progress.
type Body struct {
	r     *http.Request
	rc    *http.ResponseController
	since int64 // bytes since the deadlines were set
	err   error
}

// NewBody returns the body of a request.
func NewBody(w http.ResponseWriter, r *http.Request) *Body {
	b := &Body{r: r, rc: http.NewResponseController(w)}
	b.extend()
	return b
}

func (b *Body) extend() {
	b.since = 0
	_ = b.rc.SetReadDeadline(time.Now().Add(stepTime)) // httptest's recorder supports neither
	_ = b.rc.SetWriteDeadline(time.Now().Add(stepTime + answerTime))
}

func (b *Body) Read(p []byte) (int, error) {
	n, err := b.r.Body.Read(p)
	if b.since += int64(n); b.since >= step {
		b.extend()
	}
	switch {
	case errors.Is(err, io.EOF):
		// net/http goes on to read, and ends the request's context at the deadline.
		_ = b.rc.SetReadDeadline(time.Now().Add(answerTime))
	case err != nil:
		b.err = err
	}
	return n, err
}

// End must be called when the body was read.
func (b *Body) End() { b.extend() }

// Cut reports whether the body could not be read to its end.
func (b *Body) Cut() bool { return b.err != nil }

// Cause returns the error for the client if the body could not be read, else err.
func (b *Body) Cause(err error) error {
	if b.err != nil && errors.Is(err, b.err) {
		return chat.FailCause(chat.BadInput, b.err, "the body could not be read")
	}
	return err
}

// download is the writer of a file. It extends the deadline of the connection by its
// progress, and lets the operating system send the file (io.ReaderFrom).
type download struct {
	http.ResponseWriter
	rc    *http.ResponseController
	since int64 // bytes since the deadline was set
}

func newDownload(w http.ResponseWriter) *download {
	d := &download{ResponseWriter: w, rc: http.NewResponseController(w)}
	d.extend(step)
	return d
}

func (d *download) extend(n int64) {
	if d.since += n; d.since >= step {
		d.since = 0
		d.allow(stepTime)
	}
}

func (d *download) allow(t time.Duration) {
	_ = d.rc.SetWriteDeadline(time.Now().Add(t))
	_ = d.rc.SetReadDeadline(time.Now().Add(t)) // as Body.Read says
}

func (d *download) Write(p []byte) (int, error) {
	n, err := d.ResponseWriter.Write(p)
	d.extend(int64(n))
	return n, err
}

// maxSteps is how many steps one call sends to a client that took the last one within a
// second: fewer calls are faster, and a client that stalls is noticed later.
const maxSteps = 4

// ReadFrom sends what is left of r in parts, each with the time that its steps have. net/http
// sends a limited file by sendfile(2).
func (d *download) ReadFrom(r io.Reader) (sent int64, err error) {
	to, ok := d.ResponseWriter.(io.ReaderFrom)
	limited, isLimited := r.(*io.LimitedReader)
	if !ok || !isLimited {
		return io.Copy(struct{ io.Writer }{d}, r)
	}
	for steps := int64(1); limited.N > 0; {
		d.allow(time.Duration(steps) * stepTime)
		part := &io.LimitedReader{R: limited.R, N: min(limited.N, steps*step)}
		began := time.Now()
		n, err := to.ReadFrom(part)
		sent, limited.N = sent+n, limited.N-n
		if err != nil || part.N > 0 {
			return sent, err
		}
		if steps = min(2*steps, maxSteps); time.Since(began) > time.Second {
			steps = 1
		}
	}
	d.allow(stepTime)
	return sent, nil
}

// filePolicy keeps a file that is opened as a page from running anything.
const filePolicy = "default-src 'none'; sandbox"

// Send answers with the bytes of a file or its thumbnail, as an attachment unless browsers
// show the type; download=1 in the query makes all attachments. The caller has checked that
// the user may read it, which precedes a 304, too. A file never changes, so tag, which has
// its id, is its entity tag.
func Send(w http.ResponseWriter, r *http.Request, f *chat.File, blob chat.Blob, tag string) {
	send(w, r, f, blob, tag, "private, no-cache")
}

// SendPicture is Send for the picture of a user or chat, which every user may read: browsers
// keep it.
func SendPicture(w http.ResponseWriter, r *http.Request, f *chat.File, blob chat.Blob) {
	send(w, r, f, blob, string(f.ID), "private, max-age=31536000, immutable")
}

// maxRanges bounds the ranges of a request. A file in GridFS is read in chunks of 255 KiB, also
// for a range of one byte.
const maxRanges = 16

func send(w http.ResponseWriter, r *http.Request, f *chat.File, blob chat.Blob, tag, cache string) {
	if strings.Count(r.Header.Get("Range"), ",") >= maxRanges {
		r.Header.Del("Range") // the answer is all of the file, as RFC 9110 (section 14.2) allows
	}
	disposition := "inline"
	if r.URL.Query().Has("download") || !media.Inline(f.Type) {
		disposition = "attachment"
	}
	h := w.Header()
	h.Set("Content-Type", f.Type)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": f.Name}))
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cache-Control", cache)
	h.Set("ETag", `"`+tag+`"`)
	http.ServeContent(newDownload(w), r, "", time.Time{}, blob)
}

// CheckQuery refuses another value of download than 1.
func CheckQuery(r *http.Request) error {
	if q := r.URL.Query(); q.Has("download") && q.Get("download") != "1" {
		return chat.FailField(chat.BadInput, "download", "download must be 1")
	}
	return nil
}

// CheckEncoding refuses a compressed body.
func CheckEncoding(r *http.Request) error {
	for _, encoding := range r.Header["Content-Encoding"] {
		if encoding != "" && !strings.EqualFold(encoding, "identity") && r.ContentLength != 0 {
			return chat.FailField(chat.WrongType, "Content-Encoding", "the body must not be compressed")
		}
	}
	return nil
}
