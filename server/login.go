package server

import (
	"cmp"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
)

type signedIn struct {
	User    chat.User    `json:"user" msgpack:"user"`
	Session chat.Session `json:"session" msgpack:"session"`
	Token   string       `json:"token,omitempty" msgpack:"token,omitempty"` // not with a cookie
}

// newSession describes the session that a request asks for, and makes its token.
func newSession(r *http.Request, label string) (token string, n chat.NewSession, err error) {
	if err := chat.CheckLine("label", label, chat.MaxLabel); err != nil {
		return "", n, err
	}
	token = chat.NewSecret()
	return token, chat.NewSession{
		TokenHash: chat.SecretHash(token),
		Label:     label,
		Client:    chat.Cut(strings.ToValidUTF8(r.UserAgent(), ""), 200),
		Address:   middleware.Address(r.Context()),
	}, nil
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
	token, session, err := newSession(r, in.Label)
	if err != nil {
		return err
	}
	wrong := chat.Fail(chat.BadCredentials, "the handle or the password is wrong")
	handle := strings.ToLower(strings.TrimPrefix(in.Handle, "@"))
	if chat.CheckHandle(handle) != nil {
		return wrong // nobody can have it, which is no secret
	}
	user, hash, err := s.Store.Credentials(r.Context(), handle)
	switch {
	case chat.Is(err, chat.NotFound):
		hash = s.passwords.nobody
	case err != nil:
		return err
	}
	ok, err := s.passwordIs(r, account{handle: handle, user: user.ID}, in.Password, hash)
	if err != nil {
		return err
	}
	if !ok {
		return wrong
	}
	made, err := s.Store.CreateSession(r.Context(), user.ID, session)
	if chat.Is(err, chat.NoIdentity) {
		return wrong // an inactive account is told nothing about itself
	}
	if err != nil {
		return err
	}
	// A new password ends the sessions that there are. If it came between the
	// look at the old one and this session, nobody has ended this one.
	if _, now, err := s.Store.Credentials(r.Context(), handle); err != nil || now != hash {
		_ = s.Store.EndSession(r.Context(), user.ID, made.ID) // if it stays, nobody knows its token
		return cmp.Or[error](err, wrong)
	}
	s.signIn(w, r, user, made, token, in.Cookie)
	return nil
}

func (s *Server) listSessions(w http.ResponseWriter, r *http.Request) error {
	sessions, err := s.Store.SessionsOf(r.Context(), me(r))
	if err != nil {
		return err
	}
	for i := range sessions {
		sessions[i].Current = sessions[i].ID == caller(r).Session.ID
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
	if err := s.Store.EndOthers(r.Context(), me(r), caller(r).Session.ID); err != nil {
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
	err := s.Store.EndSession(r.Context(), me(r), id)
	if id == current && caller(r).Cookie && (err == nil || failed(err)) {
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
