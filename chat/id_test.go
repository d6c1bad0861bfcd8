package chat

import (
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

// Ids sort by their time, are never equal, and none begins with a dash.
func TestNewID(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var last ChatID
		for range 1000 {
			id := NewID[ChatID]()
			if err := CheckID("id", id); err != nil || id <= last || id[0] == '-' || len(id) != 16 {
				t.Fatalf("%q after %q: %v", id, last, err)
			}
			last = id
			time.Sleep(time.Millisecond)
		}
		seen := map[ChatID]bool{}
		for range 1000 { // within one millisecond
			seen[NewID[ChatID]()] = true
		}
		if len(seen) != 1000 {
			t.Errorf("%d different ids of 1000", len(seen))
		}
	})
}

func TestErrors(t *testing.T) {
	cause := errors.New("disk on fire")
	e := FailCause(Unavailable, cause, "try again")
	wrapped := fmt.Errorf("append: %w", e)
	if AsError(wrapped) != e || !Is(wrapped, Unavailable) || Is(wrapped, Internal) || !errors.Is(wrapped, cause) {
		t.Errorf("%v loses what it wraps", wrapped)
	}
	if unknown := AsError(cause); unknown.Code != Internal || unknown.Message == cause.Error() || !errors.Is(unknown, cause) {
		t.Errorf("an unknown error becomes %+v", unknown)
	}
	if AsError(nil) != nil {
		t.Error("no error becomes one")
	}
	if after := FailAfter(RateLimited, time.Microsecond, "wait"); after.RetryAfterMs != 1 {
		t.Errorf("retry after %d ms", after.RetryAfterMs)
	}
	if invite := (Invite{Uses: 1, ExpiresAt: 5}); !invite.Open(4) || invite.Open(5) || (Invite{ExpiresAt: 5}).Open(4) {
		t.Error("an invite is open at the wrong time")
	}
}

// A time ahead of the clock holds on for as long as the lead is small, no longer.
func TestEventTime(t *testing.T) {
	const now = 1_800_000_000_000
	for last, want := range map[int64]int64{
		0: now, now - 1: now, now: now, now + 1: now + 1, now + MaxClockLead: now + MaxClockLead,
		now + MaxClockLead + 1: now, 2 * now: now, 1<<63 - 1: now,
	} {
		if got := EventTime(now, last); got != want {
			t.Errorf("at %d behind %d: %d, want %d", int64(now), last, got, want)
		}
	}
}
