package server

import (
	"cmp"
	"context"
	"crypto/subtle"
	"net/http"
	"strings"

	"parley/chat"
	"parley/middleware"
	"parley/wire"
)

type serverInfo struct {
	Name         string       `json:"name" msgpack:"name"`
	Version      string       `json:"version" msgpack:"version"`
	API          int          `json:"api" msgpack:"api"`
	Setup        bool         `json:"setup" msgpack:"setup"` // nobody is the owner yet
	Registration Registration `json:"registration" msgpack:"registration"`
	Now          int64        `json:"now" msgpack:"now"`
	Limits       wire.Limits  `json:"limits" msgpack:"limits"`
}

func (s *Server) getServer(w http.ResponseWriter, r *http.Request) error {
	server, err := s.Store.Server(r.Context())
	if err != nil {
		return err
	}
	s.answer(w, r, http.StatusOK, serverInfo{Name: server.Name, Version: s.Version, API: 1, Setup: server.Setup != "",
		Registration: s.Registration, Now: chat.Now(), Limits: s.limits()})
	return nil
}

// patchServer renames the server; admins alone.
func (s *Server) patchServer(w http.ResponseWriter, r *http.Request) error {
	if err := admin(r); err != nil {
		return err
	}
	var in struct {
		Name *string `json:"name"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if in.Name != nil {
		if err := chat.CheckName("name", *in.Name, chat.MaxServerName); err != nil {
			return err
		}
		if err := s.Store.RenameServer(r.Context(), *in.Name); err != nil {
			return err
		}
	}
	return s.getServer(w, r)
}

type newAccount struct {
	Handle     string `json:"handle"`
	Name       string `json:"name"`
	Password   string `json:"password"`
	Invite     string `json:"invite"`
	Setup      string `json:"setup"`
	ServerName string `json:"serverName"`
	Label      string `json:"label"`
	Cookie     bool   `json:"cookie"`
}

func (s *Server) createAccount(w http.ResponseWriter, r *http.Request) error {
	var in newAccount
	if err := read(r, &in); err != nil {
		return err
	}
	n := chat.NewAccount{Handle: strings.ToLower(in.Handle), Name: in.Name, ServerName: in.ServerName}
	invite, err := s.mayJoin(r.Context(), &in, &n)
	if err != nil {
		return err
	}
	if err := chat.CheckHandle(n.Handle); err != nil {
		return err
	}
	if err := chat.CheckName("name", n.Name, chat.MaxName); err != nil {
		return err
	}
	if err := chat.CheckPassword(in.Password); err != nil {
		return err
	}
	if err := chat.CheckLine("serverName", n.ServerName, chat.MaxServerName); err != nil {
		return err
	}
	token, session, err := newSession(r, in.Label)
	if err != nil {
		return err
	}
	n.Session = session
	if err := s.countSignUp(r.Context(), &n, invite); err != nil {
		return err
	}
	if n.PasswordHash, err = s.passwords.hash(r.Context(), lines(r), in.Password); err != nil {
		return err
	}
	user, made, err := s.Store.CreateAccount(r.Context(), n)
	if err != nil {
		return err
	}
	s.signIn(w, r, user, made, token, in.Cookie)
	return nil
}

// mayJoin finds what lets the request make an account: the owner's code, an
// invite, or open registration. The store judges the same again as it commits.
// A code that is not valid counts against the caller's address.
func (s *Server) mayJoin(ctx context.Context, in *newAccount, n *chat.NewAccount) (invite chat.Invite, err error) {
	if in.Setup != "" || in.Invite != "" {
		server, err := s.Store.Server(ctx)
		if err != nil {
			return invite, err
		}
		code := cmp.Or(in.Setup, in.Invite)
		if server.Setup != "" && subtle.ConstantTimeCompare([]byte(server.Setup), []byte(code)) == 1 {
			n.Setup = code
			return invite, nil
		}
	}
	switch {
	case in.Setup != "":
		err = chat.FailField(chat.Forbidden, "setup", "the setup code is wrong or was used")
	case s.Registration == Closed:
		return invite, chat.Fail(chat.RegistrationClosed, "this server takes no new accounts")
	case in.Invite == "" && s.Registration == ByInvite:
		return invite, chat.FailField(chat.RegistrationClosed, "invite", "an account needs an invite here")
	case in.Invite == "":
		return invite, nil
	default:
		n.Invite, n.HasInvite = chat.SecretHash(in.Invite), true
		invite, err = s.Store.PeekInvite(ctx, n.Invite)
		if err == nil && invite.Open(chat.Now()) {
			return invite, nil
		}
		if err != nil && !chat.Is(err, chat.NotFound) {
			return invite, err
		}
		err = chat.FailField(chat.InviteSpent, "invite", "this invite was used up, has expired or never was")
	}
	return invite, cmp.Or(s.attempts.failed(middleware.AddressKey(ctx), byCode), err)
}

// countSignUp takes the sign-up from the budgets of its invite and of who made
// that, or from that of the caller's address, whether the caller is signed in
// or not: many people behind one address may join by an invite.
func (s *Server) countSignUp(ctx context.Context, n *chat.NewAccount, invite chat.Invite) error {
	switch {
	case n.Setup != "":
		return nil // once
	case n.HasInvite:
		if err := take(s.attempts.invites, s.attempts.key(string(n.Invite[:]))); err != nil {
			return err
		}
		return take(s.attempts.inviters, s.attempts.key(string(invite.By)))
	}
	return s.attempts.failed(middleware.AddressKey(ctx), bySignUp)
}

// limits is what clients are told of the limits.
func (s *Server) limits() wire.Limits {
	return wire.Limits{
		Text:    int64(s.Limits.Text),
		Body:    int64(s.Limits.Body),
		Message: maxMessage,
		Page:    chat.MaxPage,
		Sockets: int64(s.Limits.Sockets),
		Posts:   wire.Rate{N: int64(s.Limits.Posts.N), PerMs: s.Limits.Posts.Per.Milliseconds()},
	}
}

// caller is who asks. Behind middleware.Require there is always somebody.
func caller(r *http.Request) middleware.Caller { return middleware.CallerOf(r.Context()) }

// me is the caller's id.
func me(r *http.Request) chat.UserID { return caller(r).User.ID }

// admin refuses everybody but admins of the server.
func admin(r *http.Request) error {
	if caller(r).User.Role != chat.RoleAdmin {
		return chat.Fail(chat.Forbidden, "only an admin of the server can do this")
	}
	return nil
}
