package server

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// minCompressed is the size in bytes below which compression does not save a packet.
const minCompressed = 1 << 10

// newFile returns a file for serving. Each compressed form is made once, when it is first
// requested, and has an entity tag of its own.
func newFile(body []byte, mediaType string) *file {
	sum := sha256.Sum256(body)
	hash := base64.RawURLEncoding.EncodeToString(sum[:12])
	f := &file{mediaType: mediaType, plain: content{body: body, etag: `"` + hash + `"`}}
	if !compressible(mediaType) || len(body) < minCompressed {
		return f
	}
	once := func(encoding string, compress func([]byte) []byte) func() content {
		return sync.OnceValue(func() content {
			return content{compress(body), `"` + hash + "-" + encoding + `"`, encoding}
		})
	}
	f.zstd, f.gzip = once("zstd", toZstd), once("gzip", toGzip)
	return f
}

func compressible(mediaType string) bool {
	t, _, _ := strings.Cut(mediaType, ";")
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "json") || t == "image/svg+xml"
}

// toZstd compresses with the best level: the first request waits 35 ms for the largest
// script, which is a tenth smaller for all. The error is for options out of range.
func toZstd(body []byte) []byte {
	w, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithEncoderConcurrency(1))
	if err != nil {
		panic(err)
	}
	return w.EncodeAll(body, nil)
}

func toGzip(body []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		panic(err)
	}
	_, _ = w.Write(body)
	_ = w.Close()
	return out.Bytes()
}
