package wire

import (
	"fmt"
	"time"

	"parley/chat"
)

// Close codes of our own (RFC 6455, section 7.4.2). From 4000 to 4499 they say
// "come back", from 4500 to 4999 "do not".
const (
	CloseRestarting   = 4000 // the server stops or restarts
	CloseTooSlow      = 4001 // the client does not read what is queued for it
	CloseSilent       = 4002 // no answer to pings, or no hello in time
	CloseFeedLost     = 4003 // the server can no longer promise that nothing is missing
	CloseOverLimit    = 4008 // too many sockets or commands; see retryAfterMs
	CloseProtocol     = 4500 // malformed bytes: the client is broken
	CloseSessionEnded = 4501 // signed out, disabled, or the password changed
	CloseRefused      = 4503 // hello named no identity that may come in
)

// maxReason bounds a close reason in bytes (RFC 6455, section 5.5: a control
// frame has at most 125, and the code takes two).
const maxReason = 123

// CloseReason writes the reason of a close frame, with the delay after which to
// come back if there is one, in at most 123 bytes. The text is cut, never the delay.
func CloseReason(text string, retryAfter time.Duration) string {
	hint := ""
	if retryAfter > 0 {
		hint = fmt.Sprintf(" retryAfterMs=%d", max(1, retryAfter.Milliseconds()))
	}
	return chat.Cut(text, maxReason-len(hint)) + hint
}
