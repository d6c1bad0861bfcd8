package push

import (
	"testing"

	"parley/chat"
)

// A summary of very many chats has no list of them, so that it fits in a push.
func TestSummary(t *testing.T) {
	s := &sender{Pushes: &Pushes{}}
	var told []news
	for i := range chat.MaxShown + 1 {
		told = append(told, news{chat: chat.Chat{ID: chat.NewID[chat.ChatID](), Title: "Garden"}, queued: chat.QueuedPush{Count: 2}})
		n := s.summary(told, nil)
		if want := i + 1; want <= chat.MaxShown && len(n.Data.Chats) != want || want > chat.MaxShown && n.Data.Chats != nil || n.Data.Count != 2*want {
			t.Errorf("of %d chats: %+v", want, n.Data)
		}
	}
}
