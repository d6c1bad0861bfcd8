package request

import (
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

// Identity returns the identity of the request.
func Identity(r *http.Request) middleware.Caller { return middleware.CallerOf(r.Context()) }

// CallerID returns the caller's user id.
func CallerID(r *http.Request) chat.UserID { return Identity(r).User.ID }

// Caller returns the caller of the request.
func Caller(r *http.Request) service.Caller {
	c := Identity(r)
	return service.Caller{User: c.User, Session: c.Session, Address: middleware.AddressKey(r.Context())}
}

// Decode decodes a request's body into v, in the codec that Content-Type names. An empty
// body sets no field; the handler checks for required ones.
func Decode(r *http.Request, v any) error {
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
	case err == nil && IsMsgPack(t):
		return wire.MsgPack.Unmarshal(body, v)
	}
	return chat.Fail(chat.WrongType, "Content-Type must be application/json or application/msgpack")
}

// Int returns an optional integer of the query; nil if it is absent.
func Int(q url.Values, name string) (*int64, error) {
	if !q.Has(name) {
		return nil, nil
	}
	n, err := strconv.ParseInt(q.Get(name), 10, 64)
	if err != nil {
		return nil, chat.FailField(chat.BadInput, name, "%s must be a whole number", name)
	}
	return &n, nil
}

// Limit returns the limit of the query: def if it is absent, else 1 to most.
func Limit(r *http.Request, def, most int) (int, error) {
	n, err := Int(r.URL.Query(), "limit")
	if err != nil {
		return 0, err
	}
	return service.PageLimit(n, def, most)
}

// Bool returns an optional boolean of the query; false if it is absent.
func Bool(r *http.Request, name string) (bool, error) {
	switch q := r.URL.Query(); {
	case !q.Has(name) || q.Get(name) == "false":
		return false, nil
	case q.Get(name) == "true":
		return true, nil
	}
	return false, chat.FailField(chat.BadInput, name, "%s must be true or false", name)
}

// ClientID returns the clientId of an optional body that has no other field.
func ClientID(r *http.Request) (string, error) {
	var in struct {
		ClientID string `json:"clientId"`
	}
	if err := Decode(r, &in); err != nil {
		return "", err
	}
	return in.ClientID, service.OptionalClientID(in.ClientID)
}

// IsMsgPack reports whether a media type is MessagePack's: the registered one, or one of
// two older ones.
func IsMsgPack(mediaType string) bool {
	switch mediaType {
	case "application/msgpack", "application/vnd.msgpack", "application/x-msgpack":
		return true
	}
	return false
}
