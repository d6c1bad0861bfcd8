package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/middleware"
)

// routes returns the handler of all HTTP routes except the metrics, which have a listener
// of their own.
func (s *Server) routes() http.Handler {
	r := chi.NewRouter()
	h := s.API.Handle
	s.guard(r) // middleware.go
	r.NotFound(h(func(http.ResponseWriter, *http.Request) error {
		return chat.Fail(chat.NotFound, "there is nothing at this path")
	}))
	r.MethodNotAllowed(s.wrongMethod(r))

	r.Get("/healthz", h(s.health))
	r.Get("/readyz", h(s.getReady))

	r.Route("/api", func(r chi.Router) {
		s.guardAPI(r) // compression, same origin, identity, rate limits, the user that the client means, body limits
		r.Get("/server", h(s.API.GetServer))
		r.Get("/socket", h(s.openSocket))
		r.Post("/accounts", h(s.API.CreateAccount))
		r.Post("/sessions", h(s.API.CreateSession))
		r.Post("/recoveries/use", h(s.API.UseRecovery))
		r.Post("/invites/peek", h(s.API.PeekInvite))

		r.Group(func(r chi.Router) {
			r.Use(s.countRefused, middleware.Require(s.API.Fail)) // no-store, and 401 without an identity
			r.Patch("/server", h(s.API.PatchServer))
			r.Get("/sessions", h(s.API.ListSessions))
			r.Delete("/sessions", h(s.API.EndSessions))
			r.Delete("/sessions/{sessionId}", h(s.API.EndSession))
			r.Get("/me", h(s.API.GetMe))
			r.Patch("/me", h(s.API.PatchMe))
			r.Get("/users", h(s.API.ListUsers))
			r.Patch("/users/{userId}", h(s.API.PatchUser))
			r.Get("/blocks", h(s.API.ListBlocks))
			r.Put("/blocks/{userId}", h(s.API.PutBlock))
			r.Delete("/blocks/{userId}", h(s.API.DeleteBlock))
			r.Post("/recoveries", h(s.API.CreateRecovery))
			r.Get("/invites", h(s.API.ListInvites))
			r.Post("/invites", h(s.API.CreateInvite))
			r.Post("/invites/accept", h(s.API.AcceptInvite))
			r.Delete("/invites/{inviteId}", h(s.API.EndInvite))

			r.Get("/chats", h(s.API.ListChats))
			r.Post("/chats", h(s.API.CreateChat))
			r.Route("/chats/{chatId}", func(r chi.Router) {
				r.Get("/", h(s.API.GetChat))
				r.Patch("/", h(s.API.PatchChat))
				r.Delete("/", h(s.API.DeleteChat))
				r.Get("/members", h(s.API.ListMembers))
				r.Put("/members/{userId}", h(s.API.PutMember))
				r.Delete("/members/{userId}", h(s.API.DeleteMember))
				r.Get("/messages", h(s.API.ListMessages))
				r.Post("/messages", h(s.API.PostMessage))
				r.Get("/messages/{seq}", h(s.API.GetMessage))
				r.Patch("/messages/{seq}", h(s.API.PatchMessage))
				r.Delete("/messages/{seq}", h(s.API.DeleteMessage))
				r.Put("/messages/{seq}/reactions/{emoji}", h(s.API.PutReaction))
				r.Delete("/messages/{seq}/reactions/{emoji}", h(s.API.DeleteReaction))
				r.Put("/read", h(s.API.PutRead))
				r.Get("/events", h(s.API.ListEvents))
			})
		})
	})
	r.With(middleware.Limit(s.page, s.service.PerUser, nil, nil, s.API.Fail)).Get("/*", h(s.pages()))
	return r
}
