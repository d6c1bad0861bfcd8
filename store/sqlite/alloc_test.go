//go:build !race

package sqlite_test

import (
	"context"
	"testing"

	"parley/chat"
)

// TestPageAllocates bounds the allocations of a page of 50 messages.
func TestPageAllocates(t *testing.T) {
	const planned = 40
	c := newCrowd(t, 1)
	c.load(t, 200, 20)
	n := testing.AllocsPerRun(20, func() {
		if p, err := c.Page(context.Background(), c.users[0], c.chats[0], chat.Window{Limit: 50}); err != nil || len(p.Messages) != 50 {
			t.Error(len(p.Messages), err)
		}
	})
	if n > planned {
		t.Errorf("%.0f allocations for a page of 50, at most %d are planned", n, planned)
	}
}
