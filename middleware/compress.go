package middleware

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// zstd's own default: the fastest, which is the wrapper's, sends a tenth more
// bytes than gzip would.
const zstdLevel = 2

// maxAcceptEncoding bounds the header that is parsed, in bytes.
const maxAcceptEncoding = 256

// Compress answers in zstd or gzip where the client takes it and the body has
// at least 1 KiB. Upgrades pass untouched. It is for answers of the API, which
// differ each time; the page's files are compressed once, where they are kept.
func Compress() Middleware {
	// The error is for options out of range.
	wrap, err := gzhttp.NewWrapper(gzhttp.MinSize(1<<10), gzhttp.ZstdCompressionLevel(zstdLevel))
	if err != nil {
		panic(err)
	}
	return func(next http.Handler) http.Handler {
		compressed := wrap(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Upgrade") != "" {
				next.ServeHTTP(w, r)
				return
			}
			if len(r.Header.Get("Accept-Encoding")) > maxAcceptEncoding {
				r.Header.Del("Accept-Encoding")
			}
			compressed.ServeHTTP(w, r)
		})
	}
}

// DisableCompression keeps an answer from being compressed. Call it before writing
// one that holds a secret beside what the caller sent: its length would tell
// the secret, byte by byte (the BREACH attack).
func DisableCompression(w http.ResponseWriter) {
	w.Header().Set(gzhttp.HeaderNoCompression, "1")
}
