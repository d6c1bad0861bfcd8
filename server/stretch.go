package server

import "net/http"

// stretch gives a goroutine at once the stack that a read of the store needs,
// 16 KB. Otherwise it gets there by doubling, and each time all frames of chi,
// database/sql and SQLite are moved: 8 of the 38 µs that a new goroutine needs
// to list ten chats. Only the size of the frame matters: at is negative.
//
//go:noinline
func stretch(at int) byte {
	if at < 0 {
		return 0
	}
	var room [8 << 10]byte
	room[at] = 1
	return room[at/2]
}

// stretched is for the goroutine of a new connection; on one that has the stack
// it costs a comparison.
func stretched(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		stretch(-1)
		next.ServeHTTP(w, r)
	})
}
