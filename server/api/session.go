package api

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
	"parley/server/request"
	"parley/server/response"
)

// SignInAnswer is the answer to a call that creates a session.
type SignInAnswer struct {
	User    chat.User    `json:"user" msgpack:"user"`
	Session chat.Session `json:"session" msgpack:"session"`
	Token   string       `json:"token,omitempty" msgpack:"token,omitempty"` // not with a cookie
}

// newSession returns a new token and the session to be created for the request. If the
// token becomes the cookie, the session of the request's cookie ends: nothing has its token
// any more.
func newSession(r *http.Request, label string, cookie bool) (token string, n chat.NewSession) {
	token = chat.NewSecret()
	n = chat.NewSession{
		TokenHash: chat.SecretHash(token),
		Label:     label,
		Client:    chat.Cut(strings.ToValidUTF8(r.UserAgent(), ""), 200),
		Address:   middleware.Address(r.Context()),
	}
	if cookie && request.Identity(r).Cookie {
		n.Replaces = request.Identity(r).Session.ID
	}
	return token, n
}

// Sessions has the handlers of sessions.
type Sessions struct{ *API }

// answerNew answers 201 with a new session and its token, in the body or in a cookie.
func (a Sessions) answerNew(w http.ResponseWriter, r *http.Request, user chat.User, created chat.Session, token string, cookie bool) {
	created.Current = true
	a.sawSignIn(r, user)
	out := SignInAnswer{User: user, Session: created, Token: token}
	if cookie {
		middleware.SetCookie(w, r, a.PublicURL, token)
		out.Token = ""
	}
	response.WriteSecret(w, r, http.StatusCreated, out)
}

// Create handles POST /api/sessions.
func (a Sessions) Create(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Handle   string `json:"handle"`
		Password string `json:"password"`
		Label    string `json:"label"`
		Cookie   bool   `json:"cookie"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	switch "" {
	case in.Handle:
		return chat.FailField(chat.BadInput, "handle", "handle must not be empty")
	case in.Password:
		return chat.FailField(chat.BadInput, "password", "password must not be empty")
	}
	token, session := newSession(r, in.Label, in.Cookie)
	user, created, err := a.Service.SignIn(r.Context(), request.Caller(r), in.Handle, in.Password, session)
	if err != nil {
		return err
	}
	a.answerNew(w, r, user, created, token, in.Cookie)
	return nil
}

// List handles GET /api/sessions.
func (a Sessions) List(w http.ResponseWriter, r *http.Request) error {
	sessions, err := a.Service.Sessions(r.Context(), request.Caller(r))
	if err != nil {
		return err
	}
	uses, err := a.Service.RecoveryUses(r.Context(), request.CallerID(r))
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, struct {
		Sessions   []chat.Session     `json:"sessions" msgpack:"sessions"`
		Recoveries []chat.RecoveryUse `json:"recoveries,omitempty" msgpack:"recoveries,omitempty"`
	}{sessions, uses})
	return nil
}

// confirmation returns the password in the body of a call that ends other sessions.
func confirmation(r *http.Request) (password string, err error) {
	var in struct {
		Password string `json:"password"`
	}
	if err := request.Decode(r, &in); err != nil {
		return "", err
	}
	if in.Password == "" {
		return "", chat.FailField(chat.BadInput, "password", "password must not be empty")
	}
	return in.Password, nil
}

// EndOthers handles DELETE /api/sessions. It requires ?except=current, so that a call
// without it cannot end all sessions by mistake.
func (a Sessions) EndOthers(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("except") != "current" {
		return chat.FailField(chat.BadInput, "except", "except must be current")
	}
	password, err := confirmation(r)
	if err != nil {
		return err
	}
	if err := a.Service.EndOthers(r.Context(), request.Caller(r), password); err != nil {
		return err
	}
	return response.NoContent(w)
}

// End handles DELETE /api/sessions/{sessionId}.
func (a Sessions) End(w http.ResponseWriter, r *http.Request) error {
	current := request.Identity(r).Session.ID
	id := chat.SessionID(chi.URLParam(r, "sessionId"))
	if id == "current" {
		id = current
	}
	if err := chat.CheckID("sessionId", id); err != nil {
		return err
	}
	if id != current {
		password, err := confirmation(r)
		if err != nil {
			return err
		}
		if err := a.Service.EndSession(r.Context(), request.Caller(r), id, password); err != nil {
			return err
		}
		return response.NoContent(w)
	}
	ended, err := a.Service.SignOut(r.Context(), request.Caller(r))
	if request.Identity(r).Cookie && ended {
		middleware.ClearCookie(w, r, a.PublicURL)
		// Not "storage", which would delete unsent messages of the browser's other users, nor
		// "cookies", which would end other servers' sessions on this host.
		w.Header().Set("Clear-Site-Data", `"cache"`)
	}
	if err != nil {
		return err
	}
	return response.NoContent(w)
}
