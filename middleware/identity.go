package middleware

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"parley/chat"
)

// Sessions is who knows whose a token is; chat.Sessions states the contract.
type Sessions interface {
	Identify(ctx context.Context, tokenHash [32]byte) (chat.User, chat.Session, error)
}

// Caller is who makes a request.
type Caller struct {
	User    chat.User
	Session chat.Session
	// Cookie: the credentials, good or refused, came as the session cookie,
	// which a browser sends whoever wrote the page.
	Cookie bool
	// Err is why credentials were not accepted: no_identity when they are bad,
	// else what kept the store from judging them. Nil without any.
	Err error
}

// SignedIn reports whether the caller is a user with a live session.
func (c Caller) SignedIn() bool { return c.User.ID != "" }

// CallerOf gives the caller as Identify found it; a stranger outside of it.
func CallerOf(ctx context.Context) Caller {
	if v, ok := ctx.Value(requestInfoKey{}).(*requestInfo); ok {
		return v.caller
	}
	return Caller{}
}

// maxToken bounds what is hashed, in bytes; tokens have 43.
const maxToken = 256

// Identify finds out who is asking, by the Authorization header (Bearer) or
// else the session cookie. Bad credentials do not end the request, Require
// does; a bad cookie is cleared. public is the public URL, or nil.
func Identify(sessions Sessions, public *url.URL) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, cookie, given := credentials(r, public)
			if !given {
				next.ServeHTTP(w, r)
				return
			}
			c := Caller{Cookie: cookie}
			if token == "" || len(token) > maxToken {
				c.Err = chat.Fail(chat.NoIdentity, "this token is not valid")
			} else {
				c.User, c.Session, c.Err = sessions.Identify(r.Context(), chat.SecretHash(token))
			}
			if c.Err != nil {
				c.User, c.Session = chat.User{}, chat.Session{}
				// Whoever names their user learns it from the answer. That may come late: it must not
				// clear the cookie of somebody who signed in meanwhile.
				if cookie && chat.Is(c.Err, chat.NoIdentity) && r.Header.Get(UserHeader) == "" {
					ClearCookie(w, r, public)
				}
			}
			v, r := infoOf(r)
			v.caller = c
			next.ServeHTTP(w, r)
		})
	}
}

// credentials gives the token that a request brings. An Authorization of
// another scheme is a proxy's in front, and says nothing to us.
func credentials(r *http.Request, public *url.URL) (token string, cookie, given bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), false, true
	}
	if c, err := r.Cookie(cookieName(IsHTTPS(r, public))); err == nil {
		return c.Value, true, true
	}
	return "", false, false
}

// Require answers 401 to who is not known, and keeps what it lets through out
// of every cache.
func Require(fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			switch c := CallerOf(r.Context()); {
			case c.SignedIn():
				next.ServeHTTP(w, r)
			case c.Err != nil:
				fail(w, r, c.Err)
			default:
				fail(w, r, chat.Fail(chat.NoIdentity, "this needs an identity: a session cookie or a Bearer token"))
			}
		})
	}
}

// UserHeader names the user that a client believes to call as. A browser's pages
// share one cookie, so the cookie may be another user's by the time of the call.
const UserHeader = "Parley-User"

// MatchUser refuses a request whose UserHeader names another user than its
// credentials do. A request without the header passes.
func MatchUser(fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := CallerOf(r.Context())
			for _, as := range r.Header.Values(UserHeader) {
				if as == "" || as == string(c.User.ID) {
					continue
				}
				w.Header().Set("Cache-Control", "no-store")
				switch {
				case c.Err != nil: // it says more: the session ended, or the store does not answer
					fail(w, r, c.Err)
				default:
					fail(w, r, chat.FailField(chat.NoIdentity, UserHeader, "these are the credentials of another user than %s names", UserHeader))
				}
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// cookieLife is the longest that browsers keep a cookie, in seconds; how long
// the session itself lives is the store's to say.
const cookieLife = 400 * 24 * 60 * 60

// cookieName has the prefix that binds a cookie to this host alone, which
// browsers accept on https only (RFC 6265bis, section 4.1.3.2).
func cookieName(https bool) string {
	if https {
		return "__Host-parley"
	}
	return "parley"
}

// SetCookie hands the session's token to a browser, and to no cache.
func SetCookie(w http.ResponseWriter, r *http.Request, public *url.URL, token string) {
	setCookie(w, r, public, token, cookieLife)
}

// ClearCookie makes a browser forget the session's token.
func ClearCookie(w http.ResponseWriter, r *http.Request, public *url.URL) {
	setCookie(w, r, public, "", -1)
}

func setCookie(w http.ResponseWriter, r *http.Request, public *url.URL, value string, age int) {
	https := IsHTTPS(r, public)
	w.Header().Set("Cache-Control", "no-store")
	http.SetCookie(w, &http.Cookie{
		Name: cookieName(https), Value: value, Path: "/", MaxAge: age,
		Secure: https, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
