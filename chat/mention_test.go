package chat

import (
	"fmt"
	"testing"
)

func TestMentioned(t *testing.T) {
	r := tea()
	unknown := ""
	for i := range 300 {
		unknown += fmt.Sprintf("@unknown%d ", i)
	}
	for text, want := range map[string]string{
		"@ann and @Bob": "[ann bob]", "@dan, @nobody": "[]", "@ann @ann": "[ann]", unknown + "@cleo": "[cleo]", "no one": "[]", "@bob- @cleo_": "[bob cleo]",
		"`@ann` \\@bob https://x/@cleo": "[]",
	} {
		e := Event{Kind: Posted, By: "ann", Text: text}
		if err := Post(r, &e); err != nil || fmt.Sprint(e.Mentions) != want {
			t.Errorf("%.40q names %v, want %s, %v", text, e.Mentions, want, err)
		}
	}
	r.users["ann-x"] = User{ID: "ann-x", Handle: "ann-x"}
	e := Event{Kind: Posted, By: "ann", Text: "@ann-x"}
	if err := Post(r, &e); err != nil || len(e.Mentions) > 0 {
		t.Errorf("the longest handle is that of no member, but %v are named", e.Mentions)
	}
	all := ""
	for i := range MaxMentions + 10 {
		id := UserID(fmt.Sprintf("user%d", i))
		r.users[id], r.members[id] = User{ID: id, Handle: string(id)}, RoleMember
		all += "@" + string(id) + " "
	}
	e.Text = all
	if err := Post(r, &e); err != nil || len(e.Mentions) != MaxMentions {
		t.Errorf("%d are named, %v", len(e.Mentions), err)
	}
}

// TestMentionsAll has who mentions all members of which chat.
func TestMentionsAll(t *testing.T) {
	admins := func(r *room) { r.chat.GroupMentions = ByAdmins }
	for _, c := range []struct {
		name string
		view room
		by   UserID
		text string
		want GroupMention
	}{
		{"everyone may", tea(), "bob", "@all", MentionAll},
		{"those who are there", tea(), "bob", "hi @here", MentionHere},
		{"in code", tea(), "bob", "`@all`", ""},
		{"in a quote", tea(), "bob", "> @all", ""},
		{"an admin", with(admins), "ann", "@all", MentionAll},
		{"no admin", with(admins), "bob", "@all @here", ""},
		{"in a direct chat", with(direct), "bob", "@all", ""},
	} {
		e := Event{Kind: Posted, By: c.by, Text: c.text}
		if err := Post(c.view, &e); err != nil || e.MentionsAll != c.want {
			t.Errorf("%s: %q, %v, want %q", c.name, e.MentionsAll, err, c.want)
		}
		m := c.view.messages[1]
		m.By = c.by
		c.view.messages[1] = m
		e = Event{Kind: Edited, By: c.by, Target: 1, Text: c.text}
		if err := Edit(c.view, &e); err != nil || e.MentionsAll != c.want {
			t.Errorf("%s: an edit: %q, %v, want %q", c.name, e.MentionsAll, err, c.want)
		}
	}
}
