package storetest

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"parley/chat"
)

func find(t *testing.T, open opener) {
	ctx := context.Background()
	s := open(t, t.TempDir())
	named := func(handle, name string) chat.User {
		n := newAccount(handle)
		n.Name = name
		u, _, err := s.CreateAccount(ctx, n)
		must(t, err)
		return u
	}
	ann := named("ann", "Ann Annabel Anna Lee")
	bob := named("bob.anders", "Bob")
	zoe := named("zoe", "Zoë %_ Ångström")

	// all reads every page of a search.
	all := func(t *testing.T, q string, limit int) (found []chat.User) {
		t.Helper()
		for after, pages := "", 0; ; pages++ {
			users, next, err := s.FindUsers(ctx, q, after, limit)
			must(t, err)
			if len(users) > limit || pages > 100 {
				t.Fatalf("%d users, %d pages", len(users), pages)
			}
			found = append(found, users...)
			if next == "" {
				return found
			}
			if len(users) == 0 {
				t.Fatal("an empty page that is not the last")
			}
			after = next
		}
	}

	t.Run("the beginning of a word", func(t *testing.T) {
		for q, want := range map[string][]chat.User{
			"": {ann, bob, zoe}, "an": {ann, bob, zoe}, "ann": {ann}, " @ANN ": {ann}, "lee": {ann}, "anna lee": {ann},
			"b": {bob}, "bob.a": {bob}, "zoë": {zoe}, "zoe\u0308": {zoe}, "zoe": {zoe}, "ÅNG": {zoe}, "ang": {zoe}, "ＡＮＮ": {ann}, "%": nil, "%_": nil, "nn": nil, "lees": nil, "\x00": nil, "\xff": nil,
			strings.Repeat("a", 1000): nil,
		} {
			for limit := 1; limit <= 4; limit++ {
				sameUsers(t, all(t, q, limit), want...)
			}
		}
	})

	t.Run("another spelling", func(t *testing.T) {
		all := func(q string, limit int) []chat.User { return all(t, q, limit) }
		for i, c := range []struct {
			name    string
			queries []string
		}{
			{"Jose\u0301 García", []string{"josé", "jose\u0301", "jose", "JOSÉ", "garcia", "GARCÍA", "garci\u0301a", "garc"}},
			{"Yılmaz İpekçi", []string{"YILMAZ", "yilmaz", "yılmaz", "ipek", "İPEKÇİ"}},
			{"Οδυσσεύς Παπάς", []string{"ΟΔΥΣΣΕΥΣ", "οδυσσευσ", "οδυσσεύς", "παπας"}},
			{"ＴＡＲＯ ﾀﾛｳ", []string{"taro", "タロウ", "ﾀﾛｳ"}},
			{"Straßmann Søren", []string{"strassm", "STRASSMANN", "soren", "SØREN"}},
		} {
			u := named(fmt.Sprintf("spelling%d", i), c.name)
			for _, q := range c.queries {
				for limit := 1; limit <= 2; limit++ {
					sameUsers(t, all(q, limit), u)
				}
			}
		}
		sameUsers(t, all("garcia jose", 2))
		sameUsers(t, all("ｶﾛｳ", 2))
	})

	t.Run("an invalid cursor", func(t *testing.T) {
		_, next, err := s.FindUsers(ctx, "an", "", 1)
		must(t, err)
		forged := base64.RawURLEncoding.EncodeToString
		for _, after := range []string{"!", "x", next + "!", strings.Repeat("A", 100_000), forged([]byte("an" + strings.Repeat("n", 1000) + "\x00a")), forged([]byte("an")), forged([]byte("an\x00")),
			forged([]byte("an\x00a b")), forged([]byte("\x00\x00")), forged([]byte("an\x00a\x00b"))} {
			_, _, err := s.FindUsers(ctx, "an", after, 1)
			wantError(t, err, chat.BadInput, "after")
		}
		_, _, err = s.FindUsers(ctx, "b", next, 1)
		wantError(t, err, chat.BadInput, "after") // of another search
	})

	t.Run("a new name is found, the old one is not", func(t *testing.T) {
		name := "Carla Bobsdaughter"
		carla, err := s.PatchUser(ctx, ann.ID, chat.UserPatch{Name: &name})
		must(t, err)
		sameUsers(t, all(t, "anna", 2))
		sameUsers(t, all(t, "ann", 2), carla) // the handle stays
		sameUsers(t, all(t, "carla", 2), carla)
		sameUsers(t, all(t, "bob", 1), bob, carla)
		off := false
		out, err := s.PatchUser(ctx, zoe.ID, chat.UserPatch{Active: &off})
		must(t, err)
		sameUsers(t, all(t, "zo", 2), out) // admins must find them again
	})

	t.Run("many users", func(t *testing.T) {
		for i := range 60 {
			named(fmt.Sprintf("u%02d", i), fmt.Sprintf("many-%02d Many User", i%7))
		}
		for _, limit := range []int{1, 7, 30, 60, 61} {
			seen := map[chat.UserID]bool{}
			for _, u := range all(t, "many", limit) {
				if seen[u.ID] {
					t.Fatalf("limit %d: %s came twice", limit, u.Handle)
				}
				seen[u.ID] = true
			}
			equal(t, "found", len(seen), 60)
		}
	})
}
