package storetest

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"

	"parley/chat"
)

// opener opens the store that keeps its data under dir; the same dir opens the same data.
// It closes the store when the test ends, unless it was closed before.
type opener = func(t testing.TB, dir string) chat.Store

// account makes a user whose token is "token of HANDLE".
func account(t testing.TB, s chat.Store, handle string) chat.User {
	t.Helper()
	u, _, err := s.CreateAccount(context.Background(), newAccount(handle))
	must(t, err)
	return u
}

func newAccount(handle string) chat.NewAccount {
	return chat.NewAccount{Handle: handle, Name: "Name of " + handle, PasswordHash: "hash of " + handle, Session: newSession("token of " + handle)}
}

func newSession(token string) chat.NewSession {
	return chat.NewSession{TokenHash: chat.SecretHash(token), Label: "laptop", Client: "test", Address: "192.0.2.1"}
}

// group makes a group whose clientId is its title.
func group(t testing.TB, s chat.Store, title string, by chat.User, others ...chat.User) chat.Chat {
	t.Helper()
	c, _, err := s.CreateChat(context.Background(), newGroup(title, by, others...))
	must(t, err)
	return c
}

func newGroup(title string, by chat.User, others ...chat.User) chat.NewChat {
	n := chat.NewChat{Kind: chat.Group, Title: title, By: by.ID, ClientID: title}
	for _, u := range others {
		n.Members = append(n.Members, u.ID)
	}
	return n
}

// do appends a draft and waits for the outcome.
func do(t testing.TB, s chat.Store, draft chat.Event, rule chat.Rule) (ev chat.Event, again bool, err error) {
	t.Helper()
	done := make(chan struct{})
	queued := s.Append(context.Background(), draft, rule, func(e chat.Event, a bool, failed error) {
		ev, again, err = e, a, failed
		close(done)
	})
	must(t, queued)
	<-done
	return ev, again, err
}

// post posts a text with itself as clientId, and returns its number.
func post(t testing.TB, s chat.Store, by chat.User, c chat.Chat, text string) chat.Seq {
	t.Helper()
	ev, _, err := do(t, s, chat.Event{Kind: chat.Posted, ChatID: c.ID, By: by.ID, ClientID: text, Text: text}, chat.Post)
	must(t, err)
	return ev.Seq
}

// remove removes a member from a chat; by is an admin of it.
func remove(t testing.TB, s chat.Store, by chat.User, c chat.Chat, who chat.User) {
	t.Helper()
	_, _, err := do(t, s, chat.Event{Kind: chat.Left, ChatID: c.ID, By: by.ID, Users: []chat.UserID{who.ID}}, chat.Leave)
	must(t, err)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// wantError fails the test unless err has the code, and the field if one is given.
func wantError(t testing.TB, err error, code chat.Code, field ...string) {
	t.Helper()
	if !chat.Is(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if e := chat.AsError(err); len(field) > 0 && e.Field != field[0] {
		t.Fatalf("field %q, want %q: %v", e.Field, field[0], err)
	}
}

// equal fails the test unless two values are equal; they print in full.
func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}

// race calls f twice at the same time, and returns the errors.
func race(f func(i int) error) (first, second error) {
	start, done := make(chan struct{}), make(chan error)
	go func() {
		<-start
		done <- f(1)
	}()
	close(start)
	first = f(0)
	return first, <-done
}

// wantOneWinner fails the test unless exactly one of two calls failed, with that code.
func wantOneWinner(t testing.TB, code chat.Code, first, second error) {
	t.Helper()
	if first == nil {
		first, second = second, first
	}
	must(t, second)
	wantError(t, first, code)
}

// listen opens a feed. Each call of received returns the notices since the last call: it
// sends a signal and reads up to it.
func listen(t testing.TB, s chat.Store) (received func() []chat.Notice) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	feed, err := s.OpenFeed(ctx)
	must(t, err)
	next, stop := iter.Pull2(feed)
	t.Cleanup(func() { stop(); cancel() })
	mark := 0
	return func() (all []chat.Notice) {
		t.Helper()
		mark++
		by := chat.UserID(fmt.Sprint("mark-", mark))
		must(t, s.Tell(ctx, chat.Signal{Kind: chat.SignalUser, By: by}))
		for {
			n, err, ok := next()
			if err != nil || !ok {
				t.Fatalf("the feed ended: %v", err)
			}
			if n.Signal != nil && n.Signal.By == by {
				return all
			}
			all = append(all, n)
		}
	}
}

// wantRevoked fails the test unless the notices have one revocation, of exactly these
// sessions of the user, or none for no sessions.
func wantRevoked(t testing.TB, received []chat.Notice, user chat.UserID, want ...chat.SessionID) {
	t.Helper()
	var got []chat.SessionID
	for _, n := range received {
		if n.Ended == nil {
			continue
		}
		if n.Ended.UserID != user || len(n.Ended.Sessions) == 0 || got != nil {
			t.Fatalf("a revocation too many, or an empty one: %+v", *n.Ended)
		}
		got = append(got, n.Ended.Sessions...)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Fatalf("ended %v, want %v", got, want)
	}
}
