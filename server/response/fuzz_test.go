package response

import (
	"net/http"
	"testing"

	"parley/server/request"
)

// Codec returns a codec for any Accept header.
func FuzzAccept(f *testing.F) {
	for _, s := range []string{"", "*/*", "application/msgpack", "application/msgpack;q=0", "a;;q=,application/x-msgpack", "application/msgpack;q=NaN"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r := &http.Request{Header: http.Header{"Accept": {s}}}
		if _, mediaType := Codec(r); mediaType != "application/json" && !request.IsMsgPack(mediaType) {
			t.Errorf("%q gives %q", s, mediaType)
		}
	})
}
