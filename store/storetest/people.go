package storetest

import (
	"context"
	"testing"

	"parley/chat"
)

// opener opens the store that keeps its data under dir; the same dir gives the
// same data again. It closes the store when the test ends, unless closed before.
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

// do appends and waits for the outcome.
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

// say posts a text with itself as clientId, and gives its number.
func say(t testing.TB, s chat.Store, by chat.User, c chat.Chat, text string) chat.Seq {
	t.Helper()
	ev, _, err := do(t, s, chat.Event{Kind: chat.Posted, ChatID: c.ID, By: by.ID, ClientID: text, Text: text}, chat.Post)
	must(t, err)
	return ev.Seq
}

// remove removes a member from a chat, by an admin of it.
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

// refused asks for one error code, and for its field where one is named.
func refused(t testing.TB, err error, code chat.Code, field ...string) {
	t.Helper()
	if !chat.Is(err, code) {
		t.Fatalf("got %v, want %s", err, code)
	}
	if e := chat.AsError(err); len(field) > 0 && e.Field != field[0] {
		t.Fatalf("field %q, want %q: %v", e.Field, field[0], err)
	}
}

// equal compares two values that print in full.
func equal[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Fatalf("%s: %v, want %v", what, got, want)
	}
}
