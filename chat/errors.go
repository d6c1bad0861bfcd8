package chat

import (
	"errors"
	"fmt"
	"time"
)

// Code is the machine-readable part of an Error. Clients may switch over it: they take
// a code that they do not know as one after which they do not try again.
type Code string

// One rule for clients: after no answer, rate_limited, internal or unavailable
// they try again with the same clientId; after any other code they never do.
const (
	BadInput           Code = "bad_input"
	NoIdentity         Code = "no_identity"
	BadCredentials     Code = "bad_credentials"
	Forbidden          Code = "forbidden"
	NotAuthor          Code = "not_author"
	RegistrationClosed Code = "registration_closed"
	WrongPassword      Code = "wrong_password"
	NotFound           Code = "not_found"
	MethodNotAllowed   Code = "method_not_allowed"
	Conflict           Code = "conflict"
	HandleTaken        Code = "handle_taken"
	LastOwner          Code = "last_owner"
	Reset              Code = "reset"
	InviteSpent        Code = "invite_spent"
	TooLarge           Code = "too_large"
	FileTooLarge       Code = "file_too_large"
	QuotaExceeded      Code = "quota_exceeded"
	DiskFull           Code = "disk_full" // of uploads alone: a post is unavailable
	WrongType          Code = "wrong_type"
	TextTooLong        Code = "text_too_long"
	RateLimited        Code = "rate_limited"
	Internal           Code = "internal"
	Unavailable        Code = "unavailable"
)

// Error is the error type of all packages' interfaces. Its fields are sent to clients;
// the cause is not.
type Error struct {
	Code         Code   `json:"code" msgpack:"code"`
	Message      string `json:"message" msgpack:"message"`
	Field        string `json:"field,omitempty" msgpack:"field,omitempty"`
	RetryAfterMs int64  `json:"retryAfterMs,omitempty" msgpack:"retryAfterMs,omitempty"`
	RequestID    string `json:"requestId,omitempty" msgpack:"requestId,omitempty"`

	cause error
}

func (e *Error) Error() string {
	s := string(e.Code) + ": " + e.Message
	if e.Field != "" {
		s = string(e.Code) + " (" + e.Field + "): " + e.Message
	}
	if e.cause != nil {
		s += ": " + e.cause.Error()
	}
	return s
}

// Unwrap returns the cause, for logs. It is never sent to a client.
func (e *Error) Unwrap() error { return e.cause }

// Fail returns an Error with a sentence for people.
func Fail(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// FailField is Fail for a wrong field of the input.
func FailField(code Code, field, format string, args ...any) *Error {
	return &Error{Code: code, Field: field, Message: fmt.Sprintf(format, args...)}
}

// FailAfter is Fail for a limit: the caller may try again after the delay.
func FailAfter(code Code, after time.Duration, format string, args ...any) *Error {
	e := Fail(code, format, args...)
	e.RetryAfterMs = max(1, after.Milliseconds())
	return e
}

// FailCause is Fail with an inner error for the log.
func FailCause(code Code, cause error, format string, args ...any) *Error {
	e := Fail(code, format, args...)
	e.cause = cause
	return e
}

// AsError returns err as an Error. An error of another type becomes the cause of an
// internal one.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return FailCause(Internal, err, "something went wrong on the server")
}

// Is reports whether err carries the code.
func Is(err error, code Code) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == code
}

// StoreUnavailable is the error of a store for a failure that a retry may overcome.
// doing completes "the store could not …".
func StoreUnavailable(cause error, doing string) error {
	return FailCause(Unavailable, cause, "the store could not %s; try again", doing)
}

// StoreFailed is the error of a store for any other failure.
func StoreFailed(cause error, doing string) error {
	return FailCause(Internal, cause, "the store could not %s", doing)
}

// StoreClosed is the error of a store after Close began; cause may be nil.
func StoreClosed(cause error) error {
	return FailCause(Unavailable, cause, "the store is closed")
}

// Panicked returns the error for the caller of code that panicked with p.
func Panicked(p any) error { return AsError(fmt.Errorf("panic: %v", p)) }

func notUTF8(field string) error { return FailField(BadInput, field, "%s must be UTF-8", field) }

// ErrNoChange is returned by a Rule whose draft would change nothing: no event is made,
// and done is called with an Event without a number and no error.
var ErrNoChange = errors.New("chat: nothing changes")

// ErrFeedLost ends a feed that can no longer guarantee that it yields every event.
var ErrFeedLost = errors.New("chat: feed lost")
