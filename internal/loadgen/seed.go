package main

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"

	"golang.org/x/sync/errgroup"

	"parley/chat"
	"parley/store"
)

const textSize = 150 // bytes of a posted text

// seeded is a store with the people and rooms of a world in it, each person
// signed in once. It is written through the store's own calls, because signing
// up over HTTP hashes a password each time: minutes for 10,000.
type seeded struct {
	dir    string
	users  []chat.UserID
	tokens []string
	chats  []chat.ChatID
}

func (s *seeded) path() string { return filepath.Join(s.dir, "parley.db") }

// seed makes a store; each room then holds so many messages of its members.
func seed(ctx context.Context, dir string, w world, messages int) (*seeded, error) {
	s := &seeded{dir: dir, users: make([]chat.UserID, w.people), tokens: make([]string, w.people), chats: make([]chat.ChatID, len(w.rooms))}
	db, err := store.Open(ctx, "sqlite:"+s.path(), 0, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	defer db.Close()
	var g errgroup.Group
	g.SetLimit(256)
	for i := range s.users {
		g.Go(func() error {
			s.tokens[i] = chat.NewSecret()
			u, _, err := db.CreateAccount(ctx, chat.NewAccount{Handle: fmt.Sprintf("user%d", i), Name: fmt.Sprintf("User %d", i),
				PasswordHash: "-", Session: chat.NewSession{TokenHash: chat.SecretHash(s.tokens[i])}})
			s.users[i] = u.ID
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, people := range w.rooms {
		ids := make([]chat.UserID, len(people))
		for k, p := range people {
			ids[k] = s.users[p]
		}
		first := min(len(ids), chat.MaxJoinAtOnce)
		made, _, err := db.CreateChat(ctx, chat.NewChat{Kind: chat.Group, Title: fmt.Sprintf("Room %d", i), By: ids[0],
			ClientID: fmt.Sprint("room", i), Members: ids[1:first]})
		if err != nil {
			return nil, err
		}
		s.chats[i] = made.ID
		for from := first; from < len(ids); from += chat.MaxJoinAtOnce {
			more := chat.Event{Kind: chat.Joined, ChatID: made.ID, By: ids[0], ClientID: fmt.Sprint("join", from),
				Users: ids[from:min(len(ids), from+chat.MaxJoinAtOnce)]}
			if err := appendAll(ctx, db, 1, func(int) (chat.Event, chat.Rule) { return more, chat.Join }); err != nil {
				return nil, err
			}
		}
		err = appendAll(ctx, db, messages, func(n int) (chat.Event, chat.Rule) {
			return chat.Event{Kind: chat.Posted, ChatID: made.ID, By: ids[n%len(ids)], ClientID: fmt.Sprintf("seed%012d", n),
				Text: fmt.Sprintf("%08d%s", n, strings.Repeat(".", textSize-8))}, chat.Post
		})
		if err != nil {
			return nil, err
		}
	}
	return s, nil
}

// appendAll appends n drafts and waits until the last is committed.
func appendAll(ctx context.Context, db chat.Store, n int, draft func(int) (chat.Event, chat.Rule)) error {
	slots, failed := make(chan struct{}, 4096), make(chan error, 1)
	for i := range n {
		slots <- struct{}{}
		ev, rule := draft(i)
		err := db.Append(ctx, ev, rule, func(_ chat.Event, _ bool, err error) {
			if err != nil {
				select {
				case failed <- err:
				default: // the first one tells enough
				}
			}
			<-slots
		})
		if err != nil {
			return err
		}
	}
	for range cap(slots) {
		slots <- struct{}{}
	}
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}
