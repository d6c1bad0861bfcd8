package service

// GrowStack grows the calling goroutine's stack at once to what a read of the store
// needs, 16 KB. Otherwise the stack doubles several times, and each time all frames of
// chi, database/sql and SQLite are copied: 8 of the 38 µs that a new goroutine needs to
// list ten chats. On a goroutine that has the stack it costs a comparison.
func GrowStack() { useStack(-1) }

// useStack matters only for the size of its frame.
//
//go:noinline
func useStack(at int) byte {
	if at < 0 {
		return 0
	}
	var room [8 << 10]byte
	room[at] = 1
	return room[at/2]
}
