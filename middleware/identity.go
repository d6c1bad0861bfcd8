package middleware

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"parley/chat"
)

// Sessions finds the holder of a token; chat.Sessions states the contract.
type Sessions interface {
	Identify(ctx context.Context, tokenHash [32]byte) (chat.User, chat.Session, error)
}

// Caller is the user and session of a request.
type Caller struct {
	User    chat.User    // zero without an identity
	Session chat.Session // as User
	// Cookie: the credentials, valid or not, came as the session cookie, which a
	// browser sends from any site's page.
	Cookie bool
	// Err is why credentials were not accepted: no_identity if they are not valid,
	// else the store's error. It is nil without credentials.
	Err error
}

// SignedIn reports whether the caller is a user with a live session.
func (c Caller) SignedIn() bool { return c.User.ID != "" }

// CallerOf returns the caller that Identify found, or a caller without an identity.
func CallerOf(ctx context.Context) Caller {
	if v, ok := ctx.Value(requestInfoKey{}).(*requestInfo); ok {
		return v.caller
	}
	return Caller{}
}

// maxToken bounds what is hashed, in bytes; tokens have 43.
const maxToken = 256

// Identify finds the caller by the Authorization header (Bearer) or else the session
// cookie. Credentials that are not valid do not end the request, but Require does; such
// a cookie is cleared. A cookie of the name without a port is moved to this server's name
// if it is valid here; else it is another server's, and as good as none. public is the
// public URL, or nil.
func Identify(sessions Sessions, public *url.URL) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			token, cookie, given := credentials(r, public)
			if !given {
				next.ServeHTTP(w, r)
				return
			}
			// A client that names its user handles errors itself. Its answer may be late and
			// must not change the cookie of another user who has signed in meanwhile.
			mayChange := r.Header.Get(UserHeader) == ""
			c := Caller{Cookie: cookie != ""}
			if token == "" || len(token) > maxToken {
				c.Err = chat.Fail(chat.NoIdentity, "this token is not valid")
			} else {
				c.User, c.Session, c.Err = sessions.Identify(r.Context(), chat.SecretHash(token))
			}
			if name := cookieName(r, public); cookie != "" && cookie != name {
				if chat.Is(c.Err, chat.NoIdentity) {
					next.ServeHTTP(w, r)
					return
				}
				if c.Err == nil && mayChange {
					setCookie(w, r, public, name, token, cookieLife)
					setCookie(w, r, public, cookie, "", -1)
				}
			}
			if c.Err != nil {
				c.User, c.Session = chat.User{}, chat.Session{}
				if c.Cookie && chat.Is(c.Err, chat.NoIdentity) && mayChange {
					ClearCookie(w, r, public)
				}
			}
			v, r := infoOf(r)
			v.caller = c
			next.ServeHTTP(w, r)
		})
	}
}

// credentials returns the token of a request, and the name of the cookie if it came in
// one. An Authorization header of another scheme is meant for a proxy in front of the
// server and is ignored.
func credentials(r *http.Request, public *url.URL) (token, cookie string, given bool) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token), "", true
	}
	for _, name := range []string{cookieName(r, public), baseCookieName(r, public)} {
		if c, err := r.Cookie(name); err == nil {
			return c.Value, name, true
		}
	}
	return "", "", false
}

// Require answers 401 to callers without an identity, and forbids to cache any answer.
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
				fail(w, r, chat.Fail(chat.NoIdentity, "sign in first: this needs a session cookie or a Bearer token"))
			}
		})
	}
}

// UserHeader names the user for whom a client makes the call. A browser's pages share
// one cookie, which may be another user's by the time of the call.
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
				case c.Err != nil: // more specific: the session has ended, or the store failed
					fail(w, r, c.Err)
				default:
					fail(w, r, chat.FailField(chat.NoIdentity, UserHeader, "the credentials are not those of the user that %s names", UserHeader))
				}
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// cookieLife is the longest time that browsers keep a cookie, in seconds. The store
// decides when the session itself expires.
const cookieLife = 400 * 24 * 60 * 60

// baseCookieName is cookieName without the port, as older versions used it. On https it
// has the prefix that binds a cookie to this host alone (RFC 6265bis, section 4.1.3.2).
func baseCookieName(r *http.Request, public *url.URL) string {
	if IsHTTPS(r, public) {
		return "__Host-parley"
	}
	return "parley"
}

// cookieName returns the session cookie's name. It ends with the port that the client
// uses, unless that is the scheme's own: browsers send a cookie to all ports of a host,
// where other servers may run.
func cookieName(r *http.Request, public *url.URL) string {
	name, host, standard := baseCookieName(r, public), r.Host, "80"
	if public != nil {
		host = public.Host
	}
	if strings.HasPrefix(name, "__Host-") {
		standard = "443"
	}
	port, err := strconv.ParseUint((&url.URL{Host: host}).Port(), 10, 16)
	if number := strconv.FormatUint(port, 10); err == nil && port != 0 && number != standard {
		name += "-" + number
	}
	return name
}

// SetCookie sets the session cookie and forbids to cache the answer.
func SetCookie(w http.ResponseWriter, r *http.Request, public *url.URL, token string) {
	setCookie(w, r, public, cookieName(r, public), token, cookieLife)
}

// ClearCookie deletes the session cookie in the browser.
func ClearCookie(w http.ResponseWriter, r *http.Request, public *url.URL) {
	setCookie(w, r, public, cookieName(r, public), "", -1)
}

func setCookie(w http.ResponseWriter, r *http.Request, public *url.URL, name, value string, age int) {
	https := IsHTTPS(r, public)
	w.Header().Set("Cache-Control", "no-store")
	http.SetCookie(w, &http.Cookie{
		Name: name, Value: value, Path: "/", MaxAge: age,
		Secure: https, HttpOnly: true, SameSite: http.SameSiteLaxMode,
	})
}
