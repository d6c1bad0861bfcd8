package api

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"parley/chat"
	"parley/middleware"
	"parley/server/service"
	"parley/server/transfer"
	"parley/wire"
)

// Handle returns a handler of a function that returns its error.
func (a *API) Handle(f func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := f(w, r); err != nil {
			a.Fail(w, r, err)
		}
	}
}

// isMsgPack reports whether a media type is MessagePack's: the registered one, or one of
// two older ones.
func isMsgPack(mediaType string) bool {
	switch mediaType {
	case "application/msgpack", "application/vnd.msgpack", "application/x-msgpack":
		return true
	}
	return false
}

// answerCodec returns the codec and media type of an answer: the one with the greatest
// weight in the Accept header (RFC 9110, section 12.5.1), the first of equal ones. A
// range that names a type wins over one with a star of the same weight, and JSON over
// MessagePack where a star means both. What accepts neither gets JSON: a write may have
// happened, and a refusal would hide its outcome.
func answerCodec(r *http.Request) (*wire.Codec, string) {
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
		case isMsgPack(name) && weight > msgpack:
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

// Answer writes v in the codec that the client accepts.
func (a *API) Answer(w http.ResponseWriter, r *http.Request, code int, v any) {
	codec, mediaType := answerCodec(r)
	codec.With(v, func(body []byte) { writeBody(w, code, mediaType, body) })
}

// answerSecret is Answer for a body with a token or a code, which is not cached. It is
// not compressed either, as it may also contain input of the caller (the BREACH attack).
func (a *API) answerSecret(w http.ResponseWriter, r *http.Request, code int, v any) {
	w.Header().Set("Cache-Control", "no-store")
	middleware.DisableCompression(w)
	a.Answer(w, r, code, v)
}

// writeBody writes an answer whose body is encoded already.
func writeBody(w http.ResponseWriter, code int, mediaType string, body []byte) {
	h := w.Header()
	h.Add("Vary", "Accept")
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // fails if the client has disconnected
}

// appendWait queues a draft of the caller and waits for its outcome.
func (a *API) appendWait(r *http.Request, begin func(context.Context, chat.UserID, *wire.Command, service.Done) error, c *wire.Command) (chat.Event, bool, error) {
	return service.Wait(r.Context(), func(done service.Done) error { return begin(r.Context(), callerID(r), c, done) })
}

// noContent answers 204.
func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// decode decodes a request's body into v, in the codec that Content-Type names. An empty
// body sets no field; the handler checks for required ones.
func decode(r *http.Request, v any) error {
	if err := transfer.CheckEncoding(r); err != nil {
		return err
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		if limited := (*chat.Error)(nil); errors.As(err, &limited) {
			return limited
		}
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			return chat.Fail(chat.TooLarge, "the body must have at most %d bytes", tooLong.Limit)
		}
		return chat.FailCause(chat.BadInput, err, "the body could not be read")
	}
	if len(body) == 0 {
		return nil
	}
	t, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return chat.FailField(chat.WrongType, "Content-Type", "the charset must be utf-8")
	}
	switch {
	case err == nil && t == "application/json":
		return wire.JSON.Unmarshal(body, v)
	case err == nil && isMsgPack(t):
		return wire.MsgPack.Unmarshal(body, v)
	}
	return chat.Fail(chat.WrongType, "Content-Type must be application/json or application/msgpack")
}

// queryInt returns an optional integer of the query; nil if it is absent.
func queryInt(q url.Values, name string) (*int64, error) {
	if !q.Has(name) {
		return nil, nil
	}
	n, err := strconv.ParseInt(q.Get(name), 10, 64)
	if err != nil {
		return nil, chat.FailField(chat.BadInput, name, "%s must be a whole number", name)
	}
	return &n, nil
}

// queryLimit returns the limit of the query: def if it is absent, else 1 to most.
func queryLimit(r *http.Request, def, most int) (int, error) {
	n, err := queryInt(r.URL.Query(), "limit")
	if err != nil {
		return 0, err
	}
	return service.PageLimit(n, def, most)
}

// queryBool returns an optional boolean of the query; false if it is absent.
func queryBool(r *http.Request, name string) (bool, error) {
	switch q := r.URL.Query(); {
	case !q.Has(name) || q.Get(name) == "false":
		return false, nil
	case q.Get(name) == "true":
		return true, nil
	}
	return false, chat.FailField(chat.BadInput, name, "%s must be true or false", name)
}
