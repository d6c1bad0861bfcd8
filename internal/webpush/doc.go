// Package webpush sends messages to the push services of browsers: RFC 8030 (the request),
// RFC 8291 (encryption) and RFC 8292 (VAPID, the server's identity).
//
// The address of a push service comes from a client and may be hostile. A [Client] sends only by https to
// public addresses, follows no redirect, waits at most [Timeout] and reads little of an answer.
package webpush
