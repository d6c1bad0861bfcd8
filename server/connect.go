package server

import (
	"net/http"

	"parley/chat"
	"parley/hub"
	"parley/middleware"
	"parley/server/session"
	"parley/server/socket"
	"parley/wire"
)

// The socket writes a frame's header into the headroom of the hub's message.
var _ = [1]struct{}{}[hub.Headroom-socket.Headroom]

// openSocket upgrades a request to a WebSocket and opens a session on it. The upgrade is
// refused only for its Origin or while the server is not ready: a page cannot read the
// HTTP status of a failed upgrade, so a refused identity is told by a close code, after
// hello.
func (s *Server) openSocket(w http.ResponseWriter, r *http.Request) error {
	if err := s.ready(); err != nil {
		return err
	}
	caller := middleware.CallerOf(r.Context())
	if err := middleware.SocketOrigin(r, s.PublicURL, s.Origins, caller.Cookie); err != nil {
		return err
	}
	if r.Method == http.MethodHead {
		r.Header.Del("Upgrade") // it has the answer of a GET that upgrades nothing
	}
	limit := int64(maxMessage)
	if !caller.SignedIn() {
		limit = maxFirst
	}
	sock, err := socket.Accept(w, r, socket.Config{
		Protocols: []string{wire.MsgPack.Protocol, wire.JSON.Protocol},
		ReadLimit: limit,
		Refuse: func(w http.ResponseWriter, r *http.Request, status int, sentence string) {
			s.api.FailStatus(w, r, status, chat.Fail(chat.BadInput, "%s", sentence))
		},
	})
	if err != nil {
		return nil // Accept has answered
	}
	peer := session.Peer{User: caller.User, Session: caller.Session, Err: caller.Err, Cookie: caller.Cookie,
		Address: middleware.AddressKey(r.Context())}
	if !caller.SignedIn() {
		peer.Identified = func() { sock.SetReadLimit(maxMessage) }
	}
	c := s.sessions.Open(sock, wire.ForProtocol(sock.Protocol()), peer)
	// A new goroutine, so that net/http frees what it keeps for the request.
	go sock.Serve(c.Handle, c.Heard, func(error) { c.Finish() })
	return nil
}
