package service

import (
	"testing"

	"parley/chat"
)

// ParseMentionPlace accepts exactly what FormatMentionPlace returns.
func FuzzMentionPlace(f *testing.F) {
	for _, s := range []string{FormatMentionPlace(&chat.Message{At: 1, ChatID: "a", Seq: 2}), "", "MS4", "!", "MS5hLjI", "MS5hLi0y", "MS4uMg"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseMentionPlace(s)
		if err != nil {
			if !chat.Is(err, chat.BadInput) {
				t.Errorf("%q: %v", s, err)
			}
			return
		}
		if again, err := ParseMentionPlace(FormatMentionPlace(&chat.Message{At: p.At, ChatID: p.Chat, Seq: p.Seq})); err != nil || again != p {
			t.Errorf("%q: %+v, then %+v, %v", s, p, again, err)
		}
	})
}
