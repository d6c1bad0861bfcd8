package push

import (
	"slices"
	"testing"

	"parley/chat"
)

// A push that closes notifications is sent once for each of them; a later one that shows something
// closes them again, since a device that was offline did not get the first.
func TestHistoryOfClosed(t *testing.T) {
	h := newHistory()
	d := &device{session: "phone", user: "bob", host: "push.example"}
	push := func(read []chat.ChatID, told ...chat.ChatID) {
		p := &preparedPush{read: read}
		for _, id := range told {
			p.told = append(p.told, news{chat: chat.Chat{ID: id}})
		}
		h.add(d, p)
	}
	want := func(all, toClose []chat.ChatID) {
		t.Helper()
		if got := h.chatsOf("phone", false); !slices.Equal(got, all) {
			t.Errorf("shown are %v, want %v", got, all)
		}
		if got := h.chatsOf("phone", true); !slices.Equal(got, toClose) {
			t.Errorf("to be closed are %v, want %v", got, toClose)
		}
		if got := len(h.showing("bob")); (got == 1) != (len(toClose) > 0) {
			t.Errorf("%d sessions show %v", got, toClose)
		}
	}
	want(nil, nil)
	push(nil, "garden", "kitchen")
	want([]chat.ChatID{"garden", "kitchen"}, []chat.ChatID{"garden", "kitchen"})
	h.closed("phone", []chat.ChatID{"garden", "cellar"})
	want([]chat.ChatID{"garden", "kitchen"}, []chat.ChatID{"kitchen"})
	h.closed("phone", []chat.ChatID{"kitchen"})
	want([]chat.ChatID{"garden", "kitchen"}, nil)
	push([]chat.ChatID{"kitchen"}, "garden")
	want([]chat.ChatID{"garden"}, []chat.ChatID{"garden"})
}
