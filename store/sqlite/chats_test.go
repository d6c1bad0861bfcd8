package sqlite

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"

	"parley/chat"
)

// BenchmarkChatsOf is the list that every hello needs: 200 chats of a hundred
// messages, 79 of them unread, 8 of these naming the user.
func BenchmarkChatsOf(b *testing.B) {
	ctx := b.Context()
	db, err := Open(ctx, filepath.Join(b.TempDir(), "parley.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	ann := account(b, db, "ann")
	bob := account(b, db, "bob")
	for i := range 200 {
		c, _, err := db.CreateChat(ctx, chat.NewChat{Kind: chat.Group, By: ann, ClientID: fmt.Sprint(i), Members: []chat.UserID{bob}})
		if err != nil {
			b.Fatal(err)
		}
		for j := range 100 {
			draft := chat.Event{Kind: chat.Posted, ChatID: c.ID, By: bob, ClientID: fmt.Sprint(j), Text: fmt.Sprint("message ", j)}
			if j%10 == 1 {
				draft.Text += " for @ann"
			}
			if j == 20 {
				draft.By = ann
			}
			if err := db.Append(ctx, draft, chat.Post, func(chat.Event, bool, error) {}); err != nil {
				b.Fatal(err)
			}
		}
	}
	if err := db.Ping(ctx); err != nil { // all is written
		b.Fatal(err)
	}
	for _, withLast := range []int{0, 50, 200} {
		b.Run(fmt.Sprint("withLast=", withLast), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				chats, err := db.ChatsOf(ctx, ann, chat.ChatList{WithLast: withLast})
				if err != nil || len(chats) != 200 || chats[0].Unread != 79 || chats[0].Mentions != 8 {
					b.Fatal(len(chats), chats[0], err)
				}
			}
		})
	}
}

func account(t testing.TB, db *DB, handle string) chat.UserID {
	t.Helper()
	u, _, err := db.CreateAccount(context.Background(), chat.NewAccount{Handle: handle, Name: handle, Session: chat.NewSession{TokenHash: chat.SecretHash(handle)}})
	if err != nil {
		t.Fatal(err)
	}
	return u.ID
}
