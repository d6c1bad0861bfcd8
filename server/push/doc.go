// Package push tells people of messages while no page of theirs is open: it decides who is
// told of a message, queues pushes and sends them to the push services of browsers.
//
// A push is made after the commit of its message and beside its delivery, by the one replica
// that holds a lease. Nothing waits for a push service but the goroutine that sends to it.
package push
