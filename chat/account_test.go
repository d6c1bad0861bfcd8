package chat

import "testing"

// outcome compares an error with a code and a field; "" is no error.
func outcome(t *testing.T, name string, err error, want Code, field string) {
	t.Helper()
	if want == "" {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		return
	}
	if !Is(err, want) {
		t.Errorf("%s: %v, want %s", name, err, want)
	} else if e := AsError(err); e.Field != field {
		t.Errorf("%s: field %q, want %q", name, e.Field, field)
	}
}

func TestAccountRules(t *testing.T) {
	const now = 1000
	invite := InviteView{Invite: Invite{ID: "i", By: "ann", Uses: 1, ExpiresAt: now + 1}, MakerActive: true}
	setup, invited := NewAccount{Handle: "bob", Setup: "code"}, NewAccount{Handle: "bob", HasInvite: true}
	for _, c := range []struct {
		name  string
		n     NewAccount
		view  AccountView
		want  Code
		field string
	}{
		{"neither code nor invite", NewAccount{Handle: "bob"}, AccountView{Now: now}, "", ""},
		{"the handle is taken", NewAccount{Handle: "bob"}, AccountView{Now: now, HandleTaken: true}, HandleTaken, "handle"},
		{"the setup code", setup, AccountView{Now: now, Setup: "code"}, "", ""},
		{"another setup code", setup, AccountView{Now: now, Setup: "other"}, Forbidden, "setup"},
		{"a used setup code", setup, AccountView{Now: now}, Forbidden, "setup"},
		{"the setup code before the handle", setup, AccountView{Now: now, HandleTaken: true}, Forbidden, "setup"},
		{"an invite", invited, AccountView{Now: now, Invite: invite}, "", ""},
		{"an unknown invite", invited, AccountView{Now: now}, InviteSpent, ""},
		{"an unknown invite before the handle", invited, AccountView{Now: now, HandleTaken: true}, InviteSpent, ""},
		{"an invite and a taken handle", invited, AccountView{Now: now, Invite: invite, HandleTaken: true}, HandleTaken, "handle"},
	} {
		outcome(t, c.name, c.n.CheckNew(c.view), c.want, c.field)
	}
	if u := setup.User(); u.Role != RoleAdmin || !u.Active || u.Handle != "bob" || CheckID("id", u.ID) != nil {
		t.Errorf("by the setup code: %+v", u)
	}
	if u := invited.User(); u.Role != RoleMember || !u.Active {
		t.Errorf("by an invite: %+v", u)
	}
}

func TestPatchRules(t *testing.T) {
	admin, member, active, inactive, hash := RoleAdmin, RoleMember, true, false, "hash"
	picture, none := FileID("p"), FileID("")
	ann := User{ID: "ann", Role: RoleAdmin, Active: true}
	off := User{ID: "eve", Role: RoleAdmin}
	for _, c := range []struct {
		name                 string
		user                 User
		patch                UserPatch
		loses, ends, removes bool
		keep                 SessionID
	}{
		{"nothing", ann, UserPatch{Keep: "s"}, false, false, false, "s"},
		{"an admin becomes a member", ann, UserPatch{Role: &member}, true, false, true, ""},
		{"an admin stays one", ann, UserPatch{Role: &admin, Active: &active}, false, false, false, ""},
		{"an admin is deactivated", ann, UserPatch{Active: &inactive, Keep: "s"}, true, true, true, ""},
		{"an inactive admin becomes a member", off, UserPatch{Role: &member}, false, true, true, ""},
		{"an inactive admin is activated", off, UserPatch{Active: &active}, false, false, false, ""},
		{"a new password", ann, UserPatch{PasswordHash: &hash, Keep: "s"}, false, true, true, "s"},
		{"a picture", ann, UserPatch{Picture: &picture, Keep: "s"}, false, false, false, "s"},
		{"no picture", ann, UserPatch{Picture: &none, Keep: "s"}, false, false, true, "s"},
		{"a new password of an inactive user", off, UserPatch{PasswordHash: &hash, Keep: "s"}, false, true, true, ""},
	} {
		u := c.patch.Of(c.user)
		ends, keep := c.patch.Ends(u)
		loses := false
		outcome(t, c.name, CheckAdmins(c.user, u, func() (bool, error) { loses = true; return true, nil }), "", "")
		if loses != c.loses || ends != c.ends || keep != c.keep || c.patch.Removes() != c.removes {
			t.Errorf("%s: loses an admin %v, ends sessions %v but %q, removes %v; want %v, %v but %q, %v",
				c.name, loses, ends, keep, c.patch.Removes(), c.loses, c.ends, c.keep, c.removes)
		}
	}
	outcome(t, "the last admin", CheckAdmins(ann, User{}, func() (bool, error) { return false, nil }), LastOwner, "")
	outcome(t, "a read that failed", CheckAdmins(ann, User{}, func() (bool, error) { return false, Fail(Unavailable, "") }), Unavailable, "")
}

func TestSessionRules(t *testing.T) {
	const now = 2 * SessionTTL
	ann := User{ID: "ann", Active: true}
	s := NewSession{Label: "laptop"}.Session("ann", now)
	if s.UserID != "ann" || s.Label != "laptop" || s.CreatedAt != now || s.SeenAt != now || CheckID("id", s.ID) != nil {
		t.Errorf("session %+v", s)
	}
	old := s
	old.SeenAt = now - SessionTTL
	for _, c := range []struct {
		name string
		user User
		s    Session
		want Code
	}{
		{"a live session", ann, s, ""},
		{"no session", User{}, Session{}, NoIdentity},
		{"no such user", User{}, s, NoIdentity},
		{"an inactive user", User{ID: "ann"}, s, NoIdentity},
		{"unseen for too long", ann, old, NoIdentity},
	} {
		outcome(t, c.name, CheckSession(c.user, c.s, now), c.want, "")
	}
	old.SeenAt++
	outcome(t, "unseen for almost too long", CheckSession(ann, old, now), "", "")
	for seen, want := range map[int64]bool{5 * minute: false, 5*minute - 1: true, 6*minute - 1: false, 6 * minute: false} {
		if got := (Session{SeenAt: seen}).SeenOutdated(5*minute + 1); got != want {
			t.Errorf("seen at %d, SeenOutdated is %v", seen, got)
		}
	}
	if got := EndedSessions([]SessionID{"a", "b", "c"}, map[SessionID]bool{"b": true, "c": false}); len(got) != 2 || got[0] != "a" || got[1] != "c" {
		t.Errorf("ended %v", got)
	}
}
