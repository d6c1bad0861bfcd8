package session

import "sync"

// maxUnauthenticated bounds the sockets of one address that have not said hello.
const maxUnauthenticated = 256

// unauthenticated counts, by address, the sockets that have not said hello.
type unauthenticated struct {
	mu sync.Mutex
	by map[string]int // guarded by mu
}

// Enter counts one more connection of the address that has not begun a session. It reports
// false if there are too many.
func (s *Sessions) Enter(address string) bool { return s.unauthenticated.enter(address) }

// Leave removes a connection that Enter has counted.
func (s *Sessions) Leave(address string) { s.unauthenticated.leave(address) }

// enter counts one more socket of the address. It reports false if there are too many.
func (u *unauthenticated) enter(address string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.by[address] >= maxUnauthenticated {
		return false
	}
	if u.by == nil {
		u.by = map[string]int{}
	}
	u.by[address]++
	return true
}

func (u *unauthenticated) leave(address string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.by[address]--; u.by[address] <= 0 {
		delete(u.by, address)
	}
}
