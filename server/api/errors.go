package api

import (
	"net/http"
	"strconv"

	"parley/chat"
	"parley/middleware"
	"parley/server/request"
	"parley/server/response"
)

// Status maps error codes to HTTP statuses (RFC 9110, section 15).
var Status = map[chat.Code]int{
	chat.BadInput:           http.StatusBadRequest,
	chat.NoIdentity:         http.StatusUnauthorized,
	chat.BadCredentials:     http.StatusUnauthorized,
	chat.Forbidden:          http.StatusForbidden,
	chat.NotAuthor:          http.StatusForbidden,
	chat.RegistrationClosed: http.StatusForbidden,
	chat.WrongPassword:      http.StatusForbidden,
	chat.NotFound:           http.StatusNotFound,
	chat.MethodNotAllowed:   http.StatusMethodNotAllowed,
	chat.Conflict:           http.StatusConflict,
	chat.HandleTaken:        http.StatusConflict,
	chat.LastOwner:          http.StatusConflict,
	chat.Reset:              http.StatusConflict,
	chat.InviteSpent:        http.StatusGone,
	chat.FileTooLarge:       http.StatusRequestEntityTooLarge,
	chat.QuotaExceeded:      http.StatusRequestEntityTooLarge,
	chat.DiskFull:           http.StatusInsufficientStorage,
	chat.TooLarge:           http.StatusRequestEntityTooLarge,
	chat.WrongType:          http.StatusUnsupportedMediaType,
	chat.TextTooLong:        http.StatusUnprocessableEntity,
	chat.RateLimited:        http.StatusTooManyRequests,
	chat.Internal:           http.StatusInternalServerError,
	chat.Unavailable:        http.StatusServiceUnavailable,
}

// Failure is the body of every error answer.
type Failure struct {
	Error *chat.Error `json:"error" msgpack:"error"`
}

// Fail answers a request with an error. A failure of the server is logged here, once,
// with its cause; the client sees the request's id.
func (a *API) Fail(w http.ResponseWriter, r *http.Request, err error) {
	a.FailStatus(w, r, 0, err)
}

// FailStatus is Fail with another status than the code's (426).
func (a *API) FailStatus(w http.ResponseWriter, r *http.Request, code int, err error) {
	e := *a.Errors.ClientError(r.Context(), err)
	a.Audit.WriteRefused(r.Context(), request.CallerID(r), middleware.Route(r), "", err)
	e.RequestID = middleware.RequestID(r.Context())
	if code == 0 {
		code = Status[e.Code]
	}
	if e.RetryAfterMs > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt((e.RetryAfterMs+999)/1000, 10))
	}
	if code == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", `Bearer realm="parley"`)
	}
	if e.Code == chat.WrongType && e.Field == "Content-Encoding" {
		w.Header().Set("Accept-Encoding", "identity") // RFC 9110, section 15.5.16
	}
	if middleware.HasUnreadBody(r) && (!request.Identity(r).SignedIn() || r.ContentLength < 0 || r.ContentLength > middleware.AnonymousBody) {
		w.Header().Set("Connection", "close") // else net/http reads the rest before it answers
	}
	response.Write(w, r, code, Failure{&e})
}
