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

// seededStore is a store that has the people and rooms of a population, with one session
// for each person. It is written with the calls of package store: over HTTP each new
// account would need the hash of a password, which takes minutes for 10,000.
type seededStore struct {
	dir    string
	users  []chat.UserID
	tokens []string
	chats  []chat.ChatID
}

// path returns the path of the database.
func (s *seededStore) path() string { return filepath.Join(s.dir, "parley.db") }

// seed creates a store in which each room has a number of messages of its members.
func seed(ctx context.Context, dir string, pop population, messages int) (*seededStore, error) {
	s := &seededStore{dir: dir, users: make([]chat.UserID, pop.people), tokens: make([]string, pop.people), chats: make([]chat.ChatID, len(pop.rooms))}
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
	for i, people := range pop.rooms {
		ids := make([]chat.UserID, len(people))
		for k, p := range people {
			ids[k] = s.users[p]
		}
		first := min(len(ids), chat.MaxJoinAtOnce)
		created, _, err := db.CreateChat(ctx, chat.NewChat{Kind: chat.Group, Title: fmt.Sprintf("Room %d", i), By: ids[0],
			ClientID: fmt.Sprint("room", i), Members: ids[1:first]})
		if err != nil {
			return nil, err
		}
		s.chats[i] = created.ID
		for from := first; from < len(ids); from += chat.MaxJoinAtOnce {
			more := chat.Event{Kind: chat.Joined, ChatID: created.ID, By: ids[0], ClientID: fmt.Sprint("join", from),
				Users: ids[from:min(len(ids), from+chat.MaxJoinAtOnce)]}
			if err := appendAll(ctx, db, 1, func(int) (chat.Event, chat.Rule) { return more, chat.Join }); err != nil {
				return nil, err
			}
		}
		err = appendAll(ctx, db, messages, func(n int) (chat.Event, chat.Rule) {
			return chat.Event{Kind: chat.Posted, ChatID: created.ID, By: ids[n%len(ids)], ClientID: fmt.Sprintf("seed%012d", n),
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
				default: // the first error is enough
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
