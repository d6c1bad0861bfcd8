package storetest

import (
	"context"
	"slices"
	"testing"

	"parley/chat"
)

func sessions(t *testing.T, open opener) {
	ctx := context.Background()

	t.Run("sign in, identify, sign out", func(t *testing.T) {
		dir := t.TempDir()
		s := open(t, dir)
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		before := chat.Now()
		phone, err := s.CreateSession(ctx, ann.ID, chat.NewSession{TokenHash: chat.SecretHash("phone"), Label: "phone", Client: "Mozilla", Address: "2001:db8::1"})
		must(t, err)
		if phone.CreatedAt < before || phone.CreatedAt > chat.Now() {
			t.Fatalf("made at %d, now %d", phone.CreatedAt, chat.Now())
		}
		equal(t, "session", phone, chat.Session{ID: phone.ID, UserID: ann.ID, Label: "phone", Client: "Mozilla", Address: "2001:db8::1",
			CreatedAt: phone.CreatedAt, SeenAt: phone.CreatedAt, ExpiresAt: phone.CreatedAt + chat.DefaultSessionLife})
		_, err = s.CreateSession(ctx, "nobody", newSession("nobody's"))
		wantError(t, err, chat.NoIdentity)

		must(t, s.Close())
		s = open(t, dir)
		u, own, err := s.Identify(ctx, chat.SecretHash("phone"))
		must(t, err)
		equal(t, "user", u, ann)
		equal(t, "session", own, phone)
		_, _, err = s.Identify(ctx, chat.SecretHash("unknown"))
		wantError(t, err, chat.NoIdentity)
		_, _, err = s.Identify(ctx, [32]byte{})
		wantError(t, err, chat.NoIdentity)

		of, err := s.SessionsOf(ctx, ann.ID)
		must(t, err)
		equal(t, "sessions", len(of), 2)
		if of[0].ID < of[1].ID || !slices.Contains(of, phone) { // newest first
			t.Fatalf("sessions %+v, one of them %+v", of, phone)
		}
		wantError(t, s.EndSession(ctx, bob.ID, phone.ID), chat.NotFound) // another's
		received := listen(t, s)
		must(t, s.EndSession(ctx, ann.ID, phone.ID))
		wantRevoked(t, received(), ann.ID, phone.ID)
		wantError(t, s.EndSession(ctx, ann.ID, phone.ID), chat.NotFound)
		wantRevoked(t, received(), ann.ID)
		_, _, err = s.Identify(ctx, chat.SecretHash("phone"))
		wantError(t, err, chat.NoIdentity)
		gone, err := s.Ended(ctx, []chat.SessionID{of[0].ID, of[1].ID, "never", ""})
		must(t, err)
		sameIDs(t, gone, phone.ID, "never", "")
		none, err := s.Ended(ctx, nil)
		must(t, err)
		sameIDs(t, none)
	})

	t.Run("end all others", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann := account(t, s, "ann")
		account(t, s, "bob")
		of, err := s.SessionsOf(ctx, ann.ID)
		must(t, err)
		keep, err := s.CreateSession(ctx, ann.ID, newSession("keep"))
		must(t, err)
		received := listen(t, s)
		must(t, s.EndOthers(ctx, ann.ID, keep.ID))
		wantRevoked(t, received(), ann.ID, of[0].ID)
		must(t, s.EndOthers(ctx, ann.ID, keep.ID))
		wantRevoked(t, received(), ann.ID)
		_, _, err = s.Identify(ctx, chat.SecretHash("keep"))
		must(t, err)
		_, _, err = s.Identify(ctx, chat.SecretHash("token of bob"))
		must(t, err)
	})

	t.Run("a sign-in ends the session that it replaces", func(t *testing.T) {
		s := open(t, t.TempDir())
		ann, bob := account(t, s, "ann"), account(t, s, "bob")
		of, err := s.SessionsOf(ctx, bob.ID)
		must(t, err)
		received := listen(t, s)
		n := newSession("fresh")
		n.Replaces = of[0].ID
		_, err = s.CreateSession(ctx, ann.ID, n)
		must(t, err)
		wantRevoked(t, received(), bob.ID, of[0].ID)
		_, _, err = s.Identify(ctx, chat.SecretHash("token of bob"))
		wantError(t, err, chat.NoIdentity)
		again := newSession("again") // it has ended already
		again.Replaces = of[0].ID
		_, err = s.CreateSession(ctx, ann.ID, again)
		must(t, err)
		wantRevoked(t, received(), bob.ID)
		for _, token := range []string{"token of ann", "fresh", "again"} {
			_, _, err = s.Identify(ctx, chat.SecretHash(token))
			must(t, err)
		}
	})
}
