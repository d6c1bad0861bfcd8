package chat

import "testing"

func TestInviteRules(t *testing.T) {
	const now = 1000
	ann := User{ID: "ann", Active: true}
	view := func(change func(*InviteView)) InviteView {
		v := InviteView{Invite: Invite{ID: "i", By: "bob", ChatID: "tea", Uses: 1, ExpiresAt: now + 1}, MakerActive: true, MakerIn: true}
		change(&v)
		return v
	}
	same := func(*InviteView) {}
	for _, c := range []struct {
		name              string
		view              InviteView
		user              User
		peek, use, accept Code
		field             string // of accept
	}{
		{"an invite to a chat", view(same), ann, "", "", "", ""},
		{"no such invite", InviteView{}, ann, NotFound, InviteSpent, InviteSpent, ""},
		{"used up", view(func(v *InviteView) { v.Uses = 0 }), ann, "", InviteSpent, InviteSpent, ""},
		{"expired", view(func(v *InviteView) { v.ExpiresAt = now }), ann, "", InviteSpent, InviteSpent, ""},
		{"the maker was deactivated", view(func(v *InviteView) { v.MakerActive = false }), ann, NotFound, InviteSpent, InviteSpent, ""},
		{"the maker is not in the chat", view(func(v *InviteView) { v.MakerIn = false }), ann, NotFound, InviteSpent, InviteSpent, ""},
		{"an invite to the server", view(func(v *InviteView) { v.ChatID, v.MakerIn = "", false }), ann, "", "", BadInput, "code"},
		{"an inactive user", view(same), User{ID: "eve"}, "", "", NoIdentity, ""},
		{"no such user", view(same), User{}, "", "", NoIdentity, ""},
	} {
		field := ""
		if c.peek != "" {
			field = "code"
		}
		outcome(t, c.name+": peek", c.view.CheckPeek(), c.peek, field)
		outcome(t, c.name+": use", c.view.CheckUse(now), c.use, "")
		outcome(t, c.name+": accept", c.view.CheckAccept(c.user, now), c.accept, c.field)
	}
	for _, c := range []struct {
		name   string
		invite Invite
		kind   ChatKind
		member bool
		want   Code
	}{
		{"to the server", Invite{}, "", false, ""},
		{"to a group", Invite{ChatID: "tea"}, Group, true, ""},
		{"to a group of others", Invite{ChatID: "tea"}, Group, false, NotFound},
		{"to a direct chat", Invite{ChatID: "tea"}, Direct, true, NotFound},
		{"to no chat", Invite{ChatID: "tea"}, "", false, NotFound},
	} {
		field := ""
		if c.want != "" {
			field = "chatId"
		}
		outcome(t, c.name, c.invite.CheckNew(c.kind, c.member), c.want, field)
	}
}

func TestRecoveryRules(t *testing.T) {
	const now = 1000
	ann := User{ID: "ann", Active: true}
	outcome(t, "a code", RecoveryView{User: ann, ExpiresAt: now + 1}.CheckUse(now), "", "")
	outcome(t, "an expired code", RecoveryView{User: ann, ExpiresAt: now}.CheckUse(now), InviteSpent, "")
	outcome(t, "an unknown code", RecoveryView{}.CheckUse(now), InviteSpent, "")
	outcome(t, "a code of an inactive user", RecoveryView{User: User{ID: "eve"}, ExpiresAt: now + 1}.CheckUse(now), InviteSpent, "")
}
