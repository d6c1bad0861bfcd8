// Package response writes answers of the API in the codec that the client accepts.
package response

import (
	"net/http"
	"strconv"

	"parley/middleware"
	"parley/server/request"
	"parley/wire"
)

// Codec returns the codec and media type of an answer: the one with the greatest
// weight in the Accept header (RFC 9110, section 12.5.1), the first of equal ones. A
// range that names a type wins over one with a star of the same weight, and JSON over
// MessagePack where a star means both. What accepts neither gets JSON: a write may have
// happened, and a refusal would hide its outcome.
func Codec(r *http.Request) (*wire.Codec, string) {
	accept := r.Header["Accept"]
	if len(accept) == 0 || len(accept) == 1 && accept[0] == "application/json" {
		return wire.JSON, "application/json"
	}
	const unset = -1
	json, msgpack, both := float64(unset), float64(unset), 0.0
	mediaType, msgpackFirst := "application/msgpack", false
	for name, weight := range middleware.Accepted(accept) {
		switch {
		case name == "application/json":
			json = max(json, weight)
		case request.IsMsgPack(name) && weight > msgpack:
			msgpack, mediaType, msgpackFirst = weight, name, json == unset
		case name == "application/*", name == "*/*":
			both = max(both, weight)
		}
	}
	switch {
	case msgpack == unset && json != unset && both > json,
		msgpack > 0 && json == unset && msgpack >= both,
		msgpack > 0 && json != unset && (msgpack > json || msgpack == json && msgpackFirst):
		return wire.MsgPack, mediaType
	}
	return wire.JSON, "application/json"
}

// Write writes v in the codec that the client accepts.
func Write(w http.ResponseWriter, r *http.Request, code int, v any) {
	codec, mediaType := Codec(r)
	codec.With(v, func(body []byte) { WriteBody(w, code, mediaType, body) })
}

// WriteSecret is Write for a body with a token or a code, which is not cached. It is
// not compressed either, as it may also contain input of the caller (the BREACH attack).
func WriteSecret(w http.ResponseWriter, r *http.Request, code int, v any) {
	w.Header().Set("Cache-Control", "no-store")
	middleware.DisableCompression(w)
	Write(w, r, code, v)
}

// WriteBody writes an answer whose body is encoded already.
func WriteBody(w http.ResponseWriter, code int, mediaType string, body []byte) {
	h := w.Header()
	h.Add("Vary", "Accept")
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // fails if the client has disconnected
}

// NoContent answers 204.
func NoContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}
