package mongo_test

import (
	"testing"

	"parley/chat"
	"parley/store/mongo"
)

// A database with search words of an older Parley gets new ones when it is opened. Words
// that an older replica stores after that neither find a user nor stand in the way of a
// new name.
func TestOldWords(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir)
	var users []chat.User
	for _, name := range []string{"José García", "Yılmaz"} {
		u, _, err := s.CreateAccount(t.Context(), chat.NewAccount{Handle: "user" + string(rune('a'+len(users))), Name: name, PasswordHash: "x",
			Session: chat.NewSession{TokenHash: chat.SecretHash(name)}})
		if err != nil {
			t.Fatal(err)
		}
		users = append(users, u)
	}
	mongo.SetOldWords(t, s.(*mongo.DB), map[string]chat.UserID{"josé garcía": users[0].ID, "stale": users[0].ID, "berta": users[1].ID})
	want := func(q string, n int) {
		t.Helper()
		if found, _, err := s.FindUsers(t.Context(), q, "", 9); err != nil || len(found) != n {
			t.Errorf("%q finds %d users, %v", q, len(found), err)
		}
	}
	want("jose", 0)
	want("stale", 0)
	name := "Berta"
	if _, err := s.PatchUser(t.Context(), users[1].ID, chat.UserPatch{Name: &name}); err != nil {
		t.Errorf("a stale word: %v", err)
	}
	want("berta", 1)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, dir)
	for _, q := range []string{"jose", "josé", "GARC", "usera", "userb", "berta"} {
		want(q, 1)
	}
	want("stale", 0)
	want("yilmaz", 0)
}
