package middleware

import (
	"net/http"

	"github.com/klauspost/compress/gzhttp"
)

// zstdLevel is the default of zstd. The wrapper's default is the fastest level, which
// sends a tenth more bytes than gzip.
const zstdLevel = 2

// Compress compresses answers of at least 1 KiB with zstd or gzip if the client accepts
// it. It leaves upgrades alone. It is for answers of the API, which differ each time;
// the page's files are compressed once, when they are loaded.
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
			if r.Header["Accept-Encoding"] != nil { // gzhttp knows neither "*" nor a weight of identity
				r.Header.Set("Accept-Encoding", ContentEncoding(r.Header))
			}
			compressed.ServeHTTP(w, r)
		})
	}
}

// DisableCompression disables compression of an answer. Call it before an answer is
// written that contains both a secret and input of the caller: the compressed length
// would reveal the secret byte by byte (the BREACH attack).
func DisableCompression(w http.ResponseWriter) {
	w.Header().Set(gzhttp.HeaderNoCompression, "1")
}
