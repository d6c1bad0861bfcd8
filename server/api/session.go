package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
	"parley/server/service"
)

type SignedIn struct {
	User    chat.User    `json:"user" msgpack:"user"`
	Session chat.Session `json:"session" msgpack:"session"`
	Token   string       `json:"token,omitempty" msgpack:"token,omitempty"` // not with a cookie
}

// newSession describes the session that a request asks for, and creates its token.
func newSession(r *http.Request, label string) (token string, n chat.NewSession) {
	token = chat.NewSecret()
	return token, chat.NewSession{
		TokenHash: chat.SecretHash(token),
		Label:     label,
		Client:    chat.Cut(strings.ToValidUTF8(r.UserAgent(), ""), 200),
		Address:   middleware.Address(r.Context()),
	}
}

// signIn answers with a new session: 201 with the token, or with it in a cookie.
func (a *API) signIn(w http.ResponseWriter, r *http.Request, user chat.User, made chat.Session, token string, cookie bool) {
	made.Current = true
	out := SignedIn{User: user, Session: made, Token: token}
	if cookie {
		middleware.SetCookie(w, r, a.PublicURL, token)
		out.Token = ""
	}
	a.secret(w, r, http.StatusCreated, out)
}

// secret is Answer for what must not be cached or compressed: a token or a code
// beside text that the caller sent (the BREACH attack).
func (a *API) secret(w http.ResponseWriter, r *http.Request, code int, v any) {
	w.Header().Set("Cache-Control", "no-store")
	middleware.DisableCompression(w)
	a.Answer(w, r, code, v)
}

func (a *API) CreateSession(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Handle   string `json:"handle"`
		Password string `json:"password"`
		Label    string `json:"label"`
		Cookie   bool   `json:"cookie"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	token, session := newSession(r, in.Label)
	user, made, err := a.Service.SignIn(r.Context(), caller(r), in.Handle, in.Password, session)
	if err != nil {
		return err
	}
	a.signIn(w, r, user, made, token, in.Cookie)
	return nil
}

func (a *API) ListSessions(w http.ResponseWriter, r *http.Request) error {
	sessions, err := a.Service.Sessions(r.Context(), caller(r))
	if err != nil {
		return err
	}
	a.Answer(w, r, http.StatusOK, struct {
		Sessions []chat.Session `json:"sessions" msgpack:"sessions"`
	}{sessions})
	return nil
}

// EndSessions takes ?except=current alone, so that a slip ends nothing.
func (a *API) EndSessions(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("except") != "current" {
		return chat.FailField(chat.BadInput, "except", "except must be current")
	}
	if err := a.Service.EndOthers(r.Context(), me(r), identity(r).Session.ID); err != nil {
		return err
	}
	return noContent(w)
}

func (a *API) EndSession(w http.ResponseWriter, r *http.Request) error {
	current := identity(r).Session.ID
	id := chat.SessionID(chi.URLParam(r, "sessionId"))
	if id == "current" {
		id = current
	}
	if err := chat.CheckID("sessionId", id); err != nil {
		return err
	}
	err := a.Service.EndSession(r.Context(), me(r), id)
	if id == current && identity(r).Cookie && (err == nil || service.StoreFailed(err)) {
		middleware.ClearCookie(w, r, a.PublicURL) // it is over here, saved or not
		// Not "storage", which would erase what other users of the browser have not sent yet,
		// nor "cookies", which would end other servers' sessions on this host.
		w.Header().Set("Clear-Site-Data", `"cache"`)
	}
	if err != nil {
		return err
	}
	return noContent(w)
}
