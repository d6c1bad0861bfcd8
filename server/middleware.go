package server

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"
	chimw "github.com/go-chi/chi/v5/middleware"

	"parley/chat"
	"parley/middleware"
	"parley/server/budget"
	"parley/server/service"
)

// guard installs the middleware of every request, from the outside in. Package
// middleware documents the order.
func (s *Server) guard(r chi.Router) {
	r.Use(
		growStack,
		endChunked,
		middleware.ClientAddress(s.TrustedProxies, s.Log),
		middleware.AccessLog(s.Log, s.sampler, s.metrics.request),
		middleware.Recover(s.Log, s.api.Fail),
		middleware.Headers(s.PublicURL),
		chimw.GetHead,
	)
}

// guardAPI installs the middleware of requests below /api.
func (s *Server) guardAPI(r chi.Router) {
	r.Use(
		middleware.CORS(s.Origins),
		middleware.Identify(s.service, s.PublicURL),
		middleware.SameOrigin(s.PublicURL, s.Origins, s.api.Fail),
		middleware.Limit(s.perAddress, s.service.PerUser, isUpgrade, s.requestCost, s.api.Fail),
		middleware.MatchUser(s.api.Fail),
	)
}

// guardSocketIO returns the middleware of requests of Socket.IO clients.
func (s *Server) guardSocketIO() []middleware.Middleware {
	return []middleware.Middleware{
		middleware.CORS(s.Origins),
		s.socketIO.identify,
		middleware.Limit(s.perAddress, s.service.PerUser, s.socketIO.isKnown, nil, s.api.Fail),
	}
}

// guardCalls installs the middleware of calls: all below /api but transfers of files, which
// have limits of their own and are sent as they are.
func (s *Server) guardCalls(r chi.Router) {
	r.Use(middleware.Compress(), middleware.Body(s.Limits.Body))
}

// guardUsers installs the middleware of routes that need an identity.
func (s *Server) guardUsers(r chi.Router) {
	r.Use(s.countRefused, middleware.Require(s.api.Fail), // no-store, and 401 without an identity
		middleware.Query(s.api.Fail))
}

// isUpgrade reports whether the request is a WebSocket upgrade. Upgrades are not counted
// as requests: sockets have a bound of their own.
func isUpgrade(r *http.Request) bool {
	return r.URL.EscapedPath() == "/api/socket" && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// countRefused counts refused credentials against the request's address. It is for routes
// that need an identity: elsewhere a browser with an expired cookie must be able to sign in.
func (s *Server) countRefused(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refused := middleware.CallerOf(r.Context()).Err; refused != nil && chat.Is(refused, chat.NoIdentity) {
			if err := s.service.RefusedToken(middleware.AddressKey(r.Context()), nil); err != nil {
				s.api.Fail(w, r, err)
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

var methods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions}

// wrongMethod answers 405 with the methods that the path allows (RFC 9110, section
// 15.5.6), and 404 if there are none: chi calls it for every method that it does not know.
func (s *Server) wrongMethod(routes chi.Routes) http.HandlerFunc {
	return s.api.Handle(func(w http.ResponseWriter, r *http.Request) error {
		allowed := slices.DeleteFunc(slices.Clone(methods), func(m string) bool {
			pattern := routes.Find(chi.NewRouteContext(), m, r.URL.EscapedPath())
			if m == http.MethodHead && pattern == "" {
				pattern = routes.Find(chi.NewRouteContext(), http.MethodGet, r.URL.EscapedPath()) // GetHead routes it there
			}
			return pattern == "" || strings.TrimSuffix(pattern, "/") == "/api" // where the routes of the API are mounted
		})
		if len(allowed) == 0 {
			return noPath()
		}
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		return chat.Fail(chat.MethodNotAllowed, "this path does not allow this method")
	})
}

// noPath is the error for a path without a route.
func noPath() error { return chat.Fail(chat.NotFound, "there is nothing at this path") }

// growStack grows the stack of the connection's goroutine for reads of the store.
func growStack(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service.GrowStack()
		next.ServeHTTP(w, r)
	})
}

// endChunked ends the connection of a request with Transfer-Encoding after its answer.
// One that also has a Content-Length may smuggle a second request past a proxy, so its
// connection must end (RFC 9112, section 6.1); net/http does not show whether it had one.
func endChunked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 && r.ProtoMajor == 1 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// requestCost returns the cost of a user's request. Reads cost by the size of the page
// that they request, the list of the user's own chats also by the number of chats.
func (s *Server) requestCost(r *http.Request) int {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return 1
	}
	var query url.Values
	if r.URL.RawQuery != "" {
		query = r.URL.Query()
	}
	path, per := r.URL.EscapedPath(), budget.PerPage
	if strings.HasSuffix(path, "/events") {
		per = budget.PerLog
	}
	var limit *int64
	if n, err := strconv.ParseInt(query.Get("limit"), 10, 64); err == nil {
		limit = &n
	}
	cost := budget.PageCost(limit, per)
	if path == "/api/search" {
		cost = budget.PerSearch
	}
	if query.Has("ids") {
		cost = 1 + strings.Count(query.Get("ids"), ",")/budget.PerPage
	}
	if path == "/api/chats" && query.Get("open") != "true" {
		// If this fails, so does the call itself.
		n, _ := s.service.CountChats(r.Context(), middleware.CallerOf(r.Context()).User.ID)
		cost += n / budget.PerList
	}
	return cost
}
