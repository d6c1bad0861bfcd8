// Package cached wraps a chat.Store with a short cache, and holds the revocations that the
// store could not save. It has no rules.
//
// Goroutine: that of Run, which retries to save revocations.
package cached
