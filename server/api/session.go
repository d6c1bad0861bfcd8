package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
)

// SignInAnswer is the answer to a call that creates a session.
type SignInAnswer struct {
	User    chat.User    `json:"user" msgpack:"user"`
	Session chat.Session `json:"session" msgpack:"session"`
	Token   string       `json:"token,omitempty" msgpack:"token,omitempty"` // not with a cookie
}

// newSession returns a new token and the session to be created for the request.
func newSession(r *http.Request, label string) (token string, n chat.NewSession) {
	token = chat.NewSecret()
	return token, chat.NewSession{
		TokenHash: chat.SecretHash(token),
		Label:     label,
		Client:    chat.Cut(strings.ToValidUTF8(r.UserAgent(), ""), 200),
		Address:   middleware.Address(r.Context()),
	}
}

// Sessions has the handlers of sessions.
type Sessions struct{ *API }

// answerNew answers 201 with a new session and its token, in the body or in a cookie.
func (a Sessions) answerNew(w http.ResponseWriter, r *http.Request, user chat.User, created chat.Session, token string, cookie bool) {
	created.Current = true
	out := SignInAnswer{User: user, Session: created, Token: token}
	if cookie {
		middleware.SetCookie(w, r, a.PublicURL, token)
		out.Token = ""
	}
	a.answerSecret(w, r, http.StatusCreated, out)
}

// Create handles POST /api/sessions.
func (a Sessions) Create(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Handle   string `json:"handle"`
		Password string `json:"password"`
		Label    string `json:"label"`
		Cookie   bool   `json:"cookie"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	switch "" {
	case in.Handle:
		return chat.FailField(chat.BadInput, "handle", "handle must not be empty")
	case in.Password:
		return chat.FailField(chat.BadInput, "password", "password must not be empty")
	}
	token, session := newSession(r, in.Label)
	user, created, err := a.Service.SignIn(r.Context(), caller(r), in.Handle, in.Password, session)
	if err != nil {
		return err
	}
	a.answerNew(w, r, user, created, token, in.Cookie)
	return nil
}

// List handles GET /api/sessions.
func (a Sessions) List(w http.ResponseWriter, r *http.Request) error {
	sessions, err := a.Service.Sessions(r.Context(), caller(r))
	if err != nil {
		return err
	}
	a.Answer(w, r, http.StatusOK, struct {
		Sessions []chat.Session `json:"sessions" msgpack:"sessions"`
	}{sessions})
	return nil
}

// EndOthers handles DELETE /api/sessions. It requires ?except=current, so that a call
// without it cannot end all sessions by mistake.
func (a Sessions) EndOthers(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("except") != "current" {
		return chat.FailField(chat.BadInput, "except", "except must be current")
	}
	if err := a.Service.EndOthers(r.Context(), callerID(r), identity(r).Session.ID); err != nil {
		return err
	}
	return noContent(w)
}

// End handles DELETE /api/sessions/{sessionId}.
func (a Sessions) End(w http.ResponseWriter, r *http.Request) error {
	current := identity(r).Session.ID
	id := chat.SessionID(chi.URLParam(r, "sessionId"))
	if id == "current" {
		id = current
	}
	if err := chat.CheckID("sessionId", id); err != nil {
		return err
	}
	ended, err := a.Service.EndSession(r.Context(), callerID(r), id)
	if id == current && identity(r).Cookie && ended {
		middleware.ClearCookie(w, r, a.PublicURL)
		// Not "storage", which would delete unsent messages of the browser's other users, nor
		// "cookies", which would end other servers' sessions on this host.
		w.Header().Set("Clear-Site-Data", `"cache"`)
	}
	if err != nil {
		return err
	}
	return noContent(w)
}
