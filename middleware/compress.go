package middleware

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// zstd's own default: the fastest, which is the wrapper's, sends the page with
// a tenth more bytes than gzip would.
const zstdLevel = 2

// Compress answers in zstd or gzip where the client takes it and the body has
// at least 1 KiB. Upgrades pass untouched.
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
			compressed.ServeHTTP(w, r)
		})
	}
}

// Uncompressed keeps an answer from being compressed. Call it before writing
// one that holds a secret beside what the caller sent: its length would tell
// the secret, byte by byte (the BREACH attack).
func Uncompressed(w http.ResponseWriter) {
	w.Header().Set(gzhttp.HeaderNoCompression, "1")
}
