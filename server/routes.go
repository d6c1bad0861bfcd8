package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
)

// routes is the whole surface but the metrics, which have a listener of their own.
func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	h := s.handle
	s.guard(r) // middleware.go: what every request passes, in order
	r.NotFound(h(func(http.ResponseWriter, *http.Request) error {
		return chat.Fail(chat.NotFound, "there is nothing here")
	}))
	r.MethodNotAllowed(s.wrongMethod(r))

	r.Get("/healthz", h(s.health))
	r.Get("/readyz", h(s.getReady))

	r.Route("/api", func(r chi.Router) {
		s.guardAPI(r) // compression, same origin, identity, rate limits, the user that the client means, body limits
		r.Get("/server", h(s.getServer))
		r.Get("/socket", h(s.openSocket))
		r.Post("/accounts", h(s.createAccount))
		r.Post("/sessions", h(s.createSession))
		r.Post("/recoveries/use", h(s.useRecovery))
		r.Post("/invites/peek", h(s.peekInvite))

		r.Group(func(r chi.Router) {
			r.Use(s.countRefused, middleware.Require(s.fail)) // no-store, and 401 without an identity
			r.Patch("/server", h(s.patchServer))
			r.Get("/sessions", h(s.listSessions))
			r.Delete("/sessions", h(s.endSessions))
			r.Delete("/sessions/{sessionId}", h(s.endSession))
			r.Get("/me", h(s.getMe))
			r.Patch("/me", h(s.patchMe))
			r.Get("/users", h(s.listUsers))
			r.Patch("/users/{userId}", h(s.patchUser))
			r.Post("/recoveries", h(s.createRecovery))
			r.Get("/invites", h(s.listInvites))
			r.Post("/invites", h(s.createInvite))
			r.Post("/invites/accept", h(s.acceptInvite))
			r.Delete("/invites/{inviteId}", h(s.endInvite))

			r.Get("/chats", h(s.listChats))
			r.Post("/chats", h(s.createChat))
			r.Route("/chats/{chatId}", func(r chi.Router) {
				r.Get("/", h(s.getChat))
				r.Patch("/", h(s.patchChat))
				r.Get("/members", h(s.listMembers))
				r.Put("/members/{userId}", h(s.putMember))
				r.Delete("/members/{userId}", h(s.deleteMember))
				r.Get("/messages", h(s.listMessages))
				r.Post("/messages", h(s.postMessage))
				r.Get("/messages/{seq}", h(s.getMessage))
				r.Patch("/messages/{seq}", h(s.patchMessage))
				r.Delete("/messages/{seq}", h(s.deleteMessage))
				r.Put("/messages/{seq}/reactions/{emoji}", h(s.putReaction))
				r.Delete("/messages/{seq}/reactions/{emoji}", h(s.deleteReaction))
				r.Put("/read", h(s.putRead))
				r.Get("/events", h(s.listEvents))
			})
		})
	})
	r.With(middleware.Limit(s.page, s.service.PerUser, nil, nil, s.fail)).Get("/*", h(s.pages()))
	return r
}
