// Package service implements every operation once, for all entry points: checks and
// budgets. It is independent of transports and HTTP.
//
// The operations of one noun are the methods of one type, in a file of its name (chat.go:
// chats). A [Service] is all of them together. What they share is in core.
package service
