package service

import (
	"parley/chat"
	"parley/server/auth"
)

// Caller is the user and session that make a call, and their address.
type Caller struct {
	User    chat.User    // zero without an identity
	Session chat.Session // as User
	Address string       // key of the address for limits (middleware.AddressKey)
}

// SignedIn reports whether the caller is a user with a live session.
func (c Caller) SignedIn() bool { return c.User.ID != "" }

// CheckAdmin returns forbidden unless the caller is an admin of the server.
func (c Caller) CheckAdmin() error {
	if c.User.Role != chat.RoleAdmin {
		return chat.Fail(chat.Forbidden, "only an admin of the server can do this")
	}
	return nil
}

// hashQueues returns the queues in which the caller's passwords are hashed one after the
// other. A user's calls wait for each other and for those of all users at the address, so
// that many accounts gain nothing. Calls without an identity wait for those of the address.
func (c Caller) hashQueues() []string {
	if c.SignedIn() {
		return []string{"user " + string(c.User.ID), "users at " + c.Address}
	}
	return []string{"address " + c.Address}
}

// attempt returns the caller's attempt at the password of an account. user is "" if no
// user has the handle; own says that it is the caller's account.
func (c Caller) attempt(handle string, user chat.UserID, own bool) auth.Attempt {
	return auth.Attempt{Handle: handle, User: user, Own: own, Address: c.Address, Queues: c.hashQueues()}
}
