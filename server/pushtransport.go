package server

import (
	"net/http"

	"parley/internal/webpush"
)

// pushesTo is not empty in the binary that internal/e2e and internal/conformance test: it is
// set by the linker, and all pushes go to this address instead of their push services.
var pushesTo string

// newPushTransport returns the transport of pushes.
func newPushTransport() http.RoundTripper {
	if pushesTo == "" {
		return webpush.PublicTransport()
	}
	return redirect(pushesTo)
}

// redirect sends all requests to one address, by http.
type redirect string

func (to redirect) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.URL.Scheme, r.URL.Host = "http", string(to)
	return http.DefaultTransport.RoundTrip(r)
}
