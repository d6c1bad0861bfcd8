package server

import "net/http"

// health says that the process lives, whatever the store does.
func (s *Server) health(w http.ResponseWriter, r *http.Request) error {
	return s.well(w, r)
}

// readiness says whether to send people here: the store answers, the feed
// stands, and no stop has begun.
func (s *Server) readiness(w http.ResponseWriter, r *http.Request) error {
	if err := s.ready(); err != nil {
		return err
	}
	if err := s.Store.Ping(r.Context()); err != nil {
		return err
	}
	return s.well(w, r)
}

func (s *Server) well(w http.ResponseWriter, r *http.Request) error {
	w.Header().Set("Cache-Control", "no-store")
	s.answer(w, r, http.StatusOK, struct {
		OK bool `json:"ok" msgpack:"ok"`
	}{true})
	return nil
}
