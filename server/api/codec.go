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
	"parley/server/service"
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

// The media types of MessagePack: the registered one, and two that came before.
func isMsgPack(mediaType string) bool {
	switch mediaType {
	case "application/msgpack", "application/vnd.msgpack", "application/x-msgpack":
		return true
	}
	return false
}

// maxAccept bounds the Accept header that is read, in bytes: each of its ranges
// costs a parse.
const maxAccept = 1 << 10

// accepts picks the codec of an answer: MessagePack if a range of the Accept
// header names it without q=0, else JSON (RFC 9110, section 12.5.1).
func accepts(r *http.Request) (*wire.Codec, string) {
	accept := r.Header.Get("Accept")
	if accept == "application/json" || accept == "" || len(accept) > maxAccept {
		return wire.JSON, "application/json"
	}
	for part := range strings.SplitSeq(accept, ",") {
		t, params, err := mime.ParseMediaType(strings.TrimSpace(part))
		if err != nil || !isMsgPack(t) {
			continue
		}
		if q, err := strconv.ParseFloat(params["q"], 64); err == nil && q <= 0 {
			continue
		}
		return wire.MsgPack, t
	}
	return wire.JSON, "application/json"
}

// Answer writes v in the codec that the client accepts.
func (a *API) Answer(w http.ResponseWriter, r *http.Request, code int, v any) {
	codec, mediaType := accepts(r)
	codec.With(v, func(body []byte) { send(w, code, mediaType, body) })
}

// send writes an answer that is encoded.
func send(w http.ResponseWriter, code int, mediaType string, body []byte) {
	h := w.Header()
	h.Add("Vary", "Accept")
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(code)
	_, _ = w.Write(body) // a reader that went away is its own loss
}

// wait queues a draft of the caller and waits for its outcome.
func (a *API) wait(r *http.Request, begin func(context.Context, chat.UserID, *wire.Command, service.Done) error, c *wire.Command) (chat.Event, bool, error) {
	return service.Wait(r.Context(), func(done service.Done) error { return begin(r.Context(), me(r), c, done) })
}

// noContent answers 204.
func noContent(w http.ResponseWriter) error {
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// decode decodes a request's body into v, in the codec that Content-Type names.
// An empty body has no fields: what must be there is missed by its own check.
func decode(r *http.Request, v any) error {
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
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case err == nil && t == "application/json":
		return wire.JSON.Unmarshal(body, v)
	case err == nil && isMsgPack(t):
		return wire.MsgPack.Unmarshal(body, v)
	}
	return chat.Fail(chat.WrongType, "Content-Type must be application/json or application/msgpack")
}

// number reads an optional query value; absent is nil.
func number(q url.Values, name string) (*int64, error) {
	if !q.Has(name) {
		return nil, nil
	}
	n, err := strconv.ParseInt(q.Get(name), 10, 64)
	if err != nil {
		return nil, chat.FailField(chat.BadInput, name, "%s must be a whole number", name)
	}
	return &n, nil
}

// pageSize reads the query's limit.
func pageSize(r *http.Request, def, most int) (int, error) {
	n, err := number(r.URL.Query(), "limit")
	if err != nil {
		return 0, err
	}
	return service.PageLimit(n, def, most)
}

// boolean reads an optional query value that is true or false; absent is false.
func boolean(r *http.Request, name string) (bool, error) {
	switch v := r.URL.Query().Get(name); v {
	case "", "false":
		return false, nil
	case "true":
		return true, nil
	}
	return false, chat.FailField(chat.BadInput, name, "%s must be true or false", name)
}
