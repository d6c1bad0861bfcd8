package server

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"parley/middleware"
	"parley/server/api"
	"parley/server/lists"
	"parley/server/pictures"
	"parley/server/tus"
)

// routes returns the handler of all HTTP routes except the metrics, which have a listener
// of their own.
func (s *Server) routes() http.Handler {
	var (
		accounts   = api.Accounts{API: s.api}
		blocks     = api.Blocks{API: s.api}
		chats      = api.Chats{API: s.api}
		events     = api.Events{API: s.api}
		files      = api.Files{API: s.api}
		invites    = api.Invites{API: s.api}
		me         = api.Me{API: s.api}
		members    = api.Members{API: s.api}
		lists      = lists.Lists{Service: s.service}
		messages   = api.Messages{API: s.api}
		pictures   = pictures.Pictures{API: s.api}
		recoveries = api.Recoveries{API: s.api}
		searches   = api.Searches{API: s.api}
		server     = api.Server{API: s.api}
		sessions   = api.Sessions{API: s.api}
		uploads    = tus.Uploads{Service: s.service, Fail: s.api.FailStatus}
		users      = api.Users{API: s.api}
	)
	r := chi.NewRouter()
	h := s.api.Handle
	s.guard(r) // middleware.go
	r.NotFound(h(func(http.ResponseWriter, *http.Request) error { return noPath() }))
	r.MethodNotAllowed(s.wrongMethod(r))

	r.Get("/healthz", h(s.health.getHealth))
	r.Get("/readyz", h(s.health.getReady))

	if s.SocketIO != SocketIOOff {
		for _, path := range []string{"/socket.io", "/socket.io/"} {
			r.With(s.guardSocketIO()...).Handle(path, h(s.socketIO.serve))
		}
	}

	r.Route("/api", func(r chi.Router) {
		s.guardAPI(r) // same origin, identity, rate limits, the user that the client means
		r.Options("/uploads", h(uploads.Options))
		r.Group(func(r chi.Router) { // transfers of files
			s.guardUsers(r)
			r.Post("/chats/{chatId}/files", h(files.Create))
			r.Get("/chats/{chatId}/files/{fileId}", h(files.Get))
			r.Get("/chats/{chatId}/files/{fileId}/thumb", h(files.GetThumb))
			r.Get("/pictures/{pictureId}", h(pictures.Get))
			r.Put("/me/picture", h(pictures.PutMine))
			r.Delete("/me/picture", h(pictures.DeleteMine))
			r.Put("/chats/{chatId}/picture", h(pictures.PutOfChat))
			r.Delete("/chats/{chatId}/picture", h(pictures.DeleteOfChat))
			r.Post("/uploads", uploads.Handle(uploads.Create))
			r.Head("/uploads/{fileId}", uploads.Handle(uploads.Head))
			r.Patch("/uploads/{fileId}", uploads.Handle(uploads.Patch))
			r.Delete("/uploads/{fileId}", uploads.Handle(uploads.Delete))
			r.Post("/uploads/{fileId}", uploads.Handle(uploads.Override))
		})
		r.Group(func(r chi.Router) {
			s.guardCalls(r) // compression, body limits
			r.Get("/server", h(server.Get))
			r.Get("/socket", h(s.openSocket))
			r.Post("/accounts", h(accounts.Create))
			r.Post("/sessions", h(sessions.Create))
			r.Post("/recoveries/use", h(recoveries.Use))
			r.Post("/invites/peek", h(invites.Peek))

			r.Group(func(r chi.Router) {
				s.guardUsers(r)
				r.Patch("/server", h(server.Patch))
				r.Get("/sessions", h(sessions.List))
				r.Delete("/sessions", h(sessions.EndOthers))
				r.Delete("/sessions/{sessionId}", h(sessions.End))
				r.Get("/me", h(me.Get))
				r.Patch("/me", h(me.Patch))
				r.Get("/search", h(searches.Get))
				r.Get("/users", h(users.List))
				r.Patch("/users/{userId}", h(users.Patch))
				r.Get("/blocks", h(blocks.List))
				r.Put("/blocks/{userId}", h(blocks.Put))
				r.Delete("/blocks/{userId}", h(blocks.Delete))
				r.Post("/recoveries", h(recoveries.Create))
				r.Get("/invites", h(invites.List))
				r.Post("/invites", h(invites.Create))
				r.Post("/invites/accept", h(invites.Accept))
				r.Delete("/invites/{inviteId:.{8,}}", h(invites.End)) // accept and peek are no ids

				r.Get("/mentions", h(lists.Mentions))
				r.Get("/chats", h(chats.List))
				r.Post("/chats", h(chats.Create))
				r.Get("/chats/{chatId}", h(chats.Get))
				r.Patch("/chats/{chatId}", h(chats.Patch))
				r.Delete("/chats/{chatId}", h(chats.Delete))
				r.Patch("/chats/{chatId}/mine", h(me.PatchMine))
				r.Get("/chats/{chatId}/files", h(files.List))
				r.Get("/chats/{chatId}/pins", h(lists.Pins))
				r.Get("/chats/{chatId}/members", h(members.List))
				r.Put("/chats/{chatId}/members/{userId}", h(members.Put))
				r.Delete("/chats/{chatId}/members/{userId}", h(members.Delete))
				r.Get("/chats/{chatId}/messages", h(messages.List))
				r.Post("/chats/{chatId}/messages", h(messages.Post))
				r.Get("/chats/{chatId}/messages/{seq}", h(messages.Get))
				r.Patch("/chats/{chatId}/messages/{seq}", h(messages.Patch))
				r.Delete("/chats/{chatId}/messages/{seq}", h(messages.Delete))
				r.Put("/chats/{chatId}/messages/{seq}/reactions/{emoji}", h(messages.PutReaction))
				r.Delete("/chats/{chatId}/messages/{seq}/reactions/{emoji}", h(messages.DeleteReaction))
				r.Put("/chats/{chatId}/messages/{seq}/pin", h(messages.PutPin))
				r.Delete("/chats/{chatId}/messages/{seq}/pin", h(messages.DeletePin))
				r.Get("/chats/{chatId}/messages/{seq}/thread", h(lists.Thread))
				r.Put("/chats/{chatId}/read", h(members.PutRead))
				r.Get("/chats/{chatId}/events", h(events.List))
			})
		})
	})
	r.With(middleware.Limit(s.page, s.service.PerUser, nil, nil, s.api.Fail)).Get("/*", h(pages(s.Web)))
	return r
}
