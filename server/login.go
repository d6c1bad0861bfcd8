package server

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
	"parley/server/service"
)

type signedIn struct {
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
func (s *Server) signIn(w http.ResponseWriter, r *http.Request, user chat.User, made chat.Session, token string, cookie bool) {
	made.Current = true
	out := signedIn{User: user, Session: made, Token: token}
	if cookie {
		middleware.SetCookie(w, r, s.PublicURL, token)
		out.Token = ""
	}
	s.secret(w, r, http.StatusCreated, out)
}

// secret is answer for what nobody may keep or compress: a token or a code
// beside text that the caller sent (the BREACH attack).
func (s *Server) secret(w http.ResponseWriter, r *http.Request, code int, v any) {
	w.Header().Set("Cache-Control", "no-store")
	middleware.Uncompressed(w)
	s.answer(w, r, code, v)
}

func (s *Server) createSession(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		Handle   string `json:"handle"`
		Password string `json:"password"`
		Label    string `json:"label"`
		Cookie   bool   `json:"cookie"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	token, session := newSession(r, in.Label)
	user, made, err := s.service.SignIn(r.Context(), who(r), in.Handle, in.Password, session)
	if err != nil {
		return err
	}
	s.signIn(w, r, user, made, token, in.Cookie)
	return nil
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request) error {
	sessions, err := s.service.Sessions(r.Context(), who(r))
	if err != nil {
		return err
	}
	s.answer(w, r, http.StatusOK, struct {
		Sessions []chat.Session `json:"sessions" msgpack:"sessions"`
	}{sessions})
	return nil
}

// endSessions takes ?except=current alone, so that a slip ends nothing.
func (s *Server) endSessions(w http.ResponseWriter, r *http.Request) error {
	if r.URL.Query().Get("except") != "current" {
		return chat.FailField(chat.BadInput, "except", "except must be current")
	}
	if err := s.service.EndOthers(r.Context(), me(r), caller(r).Session.ID); err != nil {
		return err
	}
	return done(w)
}

func (s *Server) endSession(w http.ResponseWriter, r *http.Request) error {
	current := caller(r).Session.ID
	id := chat.SessionID(chi.URLParam(r, "sessionId"))
	if id == "current" {
		id = current
	}
	if err := chat.CheckID("sessionId", id); err != nil {
		return err
	}
	err := s.service.EndSession(r.Context(), me(r), id)
	if id == current && caller(r).Cookie && (err == nil || service.Failed(err)) {
		middleware.ClearCookie(w, r, s.PublicURL) // it is over here, saved or not
		// Not "storage", which would erase what other users of the browser have not sent yet,
		// nor "cookies", which would end other servers' sessions on this host.
		w.Header().Set("Clear-Site-Data", `"cache"`)
	}
	if err != nil {
		return err
	}
	return done(w)
}
