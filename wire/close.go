package wire

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/chat"
)

// Application close codes (RFC 6455, section 7.4.2). After 4000 to 4499 a client should
// reconnect, after 4500 to 4999 it should not.
const (
	CloseRestarting   = 4000 // the server stops or restarts
	CloseTooSlow      = 4001 // the client does not read what is queued for it
	CloseSilent       = 4002 // no answer to pings, or no hello in time
	CloseFeedLost     = 4003 // the feed was lost, so events may be missing
	CloseOverLimit    = 4008 // too many sockets or commands; see retryAfterMs
	CloseProtocol     = 4500 // malformed bytes: a bug of the client
	CloseSessionEnded = 4501 // signed out, disabled, or the password changed
	CloseRefused      = 4503 // hello had no valid identity
)

// maxReason bounds a close reason in bytes (RFC 6455, section 5.5: a control
// frame has at most 125, and the code takes two).
const maxReason = 123

const retryHint = " retryAfterMs="

// ParseCloseReason returns the parts from which CloseReason made a reason.
func ParseCloseReason(reason string) (text string, retryAfter time.Duration) {
	text, hint, _ := strings.Cut(reason, retryHint)
	ms, _ := strconv.ParseInt(hint, 10, 64) // 0 without one
	return text, time.Duration(ms) * time.Millisecond
}

// CloseReason returns the reason of a close frame in at most 123 bytes. If retryAfter is
// positive, it ends in the delay before a reconnect. The text may be cut, the delay not.
func CloseReason(text string, retryAfter time.Duration) string {
	hint := ""
	if retryAfter > 0 {
		hint = fmt.Sprintf(retryHint+"%d", max(1, retryAfter.Milliseconds()))
	}
	return chat.Cut(text, maxReason-len(hint)) + hint
}
