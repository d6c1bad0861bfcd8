package chat

import (
	"reflect"
	"slices"
	"testing"
)

func TestNewChatBegins(t *testing.T) {
	for _, c := range []struct {
		name  string
		n     NewChat
		pair  string
		begin []Event
	}{
		{"an empty group", NewChat{Kind: Group, By: "ann", ClientID: "1"}, "",
			[]Event{{Kind: Joined, ChatID: "c", By: "ann", ClientID: "1", Users: []UserID{"ann"}, Role: RoleAdmin}}},
		{"a group", NewChat{Kind: Group, By: "ann", ClientID: "1", Members: []UserID{"bob", "cid"}}, "",
			[]Event{{Kind: Joined, ChatID: "c", By: "ann", ClientID: "1", Users: []UserID{"ann"}, Role: RoleAdmin},
				{Kind: Joined, ChatID: "c", By: "ann", Users: []UserID{"bob", "cid"}, Role: RoleMember}}},
		{"a direct chat", NewChat{Kind: Direct, By: "bob", ClientID: "1", Members: []UserID{"ann"}}, "ann bob",
			[]Event{{Kind: Joined, ChatID: "c", By: "bob", ClientID: "1", Users: []UserID{"bob", "ann"}, Role: RoleMember}}},
	} {
		if got := c.n.Pair(); got != c.pair {
			t.Errorf("%s: pair %q, want %q", c.name, got, c.pair)
		}
		if got := c.n.Begin("c"); !reflect.DeepEqual(got, c.begin) {
			t.Errorf("%s: begins with %+v, want %+v", c.name, got, c.begin)
		}
		if got := c.n.Draft("c"); !slices.Equal(got.Users, append([]UserID{c.n.By}, c.n.Members...)) || got.Kind != Joined || got.ClientID != "1" {
			t.Errorf("%s: draft %+v", c.name, got)
		}
	}
}

func TestNewChatMembers(t *testing.T) {
	n := NewChat{Kind: Group, By: "ann", Members: []UserID{"bob", "eve"}}
	outcome(t, "all active", n.CheckActive(map[UserID]bool{"ann": true, "bob": true, "eve": true}), "", "")
	outcome(t, "a member is not active", n.CheckActive(map[UserID]bool{"ann": true, "bob": true}), NotFound, "members")
	outcome(t, "the creator is not active", n.CheckActive(map[UserID]bool{"bob": true, "eve": true}), NotFound, "members")
	for name, c := range map[string]struct {
		n    NewChat
		want []UserID
		code Code
	}{
		"each once, without the creator": {NewChat{Kind: Group, By: "ann", Members: []UserID{"bob", "ann", "bob", "cid"}}, []UserID{"bob", "cid"}, ""},
		"a direct chat with oneself":     {NewChat{Kind: Direct, By: "ann", Members: []UserID{"ann"}}, nil, BadInput},
		"a direct chat of three":         {NewChat{Kind: Direct, By: "ann", Members: []UserID{"bob", "cid"}}, nil, BadInput},
	} {
		got, err := c.n.Others()
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
		field := ""
		if c.code != "" {
			field = "members"
		}
		outcome(t, name, err, c.code, field)
	}
}

func TestDraftRules(t *testing.T) {
	outcome(t, "a post", CheckDraft(&Event{Kind: Posted, ClientID: "1", Text: "hello"}), "", "")
	outcome(t, "a post without a clientId", CheckDraft(&Event{Kind: Posted, Text: "hello"}), BadInput, "clientId")
	outcome(t, "an edit without a clientId", CheckDraft(&Event{Kind: Edited, Text: "hello"}), "", "")
	outcome(t, "a text that is not UTF-8", CheckDraft(&Event{Kind: Posted, ClientID: "1", Text: "caf\xe9"}), BadInput, "text")
	first := Event{Kind: Posted, ChatID: "tea", Seq: 7, N: 5, At: 9, By: "ann", ClientID: "1", Text: "hello", Mentions: []UserID{"bob"}, Reply: &Quote{Text: "hi"}}
	if got := first.Repeat(true); !reflect.DeepEqual(got, first) {
		t.Errorf("a member's retry is answered with %+v", got)
	}
	if got, want := first.Repeat(false), (Event{Kind: Posted, ChatID: "tea", Seq: 7, At: 9, By: "ann", ClientID: "1"}); !reflect.DeepEqual(got, want) {
		t.Errorf("a removed user's retry is answered with %+v, want %+v", got, want)
	}
	for limit, want := range map[int]Code{0: BadInput, 1: "", MaxPage: "", MaxPage + 1: BadInput} {
		field := "limit"
		if want == "" {
			field = ""
		}
		outcome(t, "a page", Window{Limit: limit}.Check(), want, field)
	}
}

func TestReactions(t *testing.T) {
	react := func(list []Reactors, by UserID, emoji string, on bool) []Reactors {
		return ApplyReaction(list, &Event{By: by, Emoji: emoji, On: &on})
	}
	list := react(react(react(nil, "ann", "a", true), "bob", "b", true), "bob", "a", true)
	list = react(list, "cid", "c", false)
	if want := []Reactors{{"a", []UserID{"ann", "bob"}}, {"b", []UserID{"bob"}}}; !reflect.DeepEqual(list, want) {
		t.Errorf("reactions %v, want %v", list, want)
	}
	seen := ReactionsFor(list, "bob", 1)
	if want := []Reaction{{"a", 2, true, []UserID{"ann"}}, {"b", 1, true, []UserID{"bob"}}}; !reflect.DeepEqual(seen, want) {
		t.Errorf("bob sees %v, want %v", seen, want)
	}
	if seen := ReactionsFor(list, "", -1); seen[0].Mine || len(seen[0].By) != 2 {
		t.Errorf("the server sees %v", seen)
	}
	list = react(react(list, "bob", "b", false), "ann", "a", false)
	if want := []Reactors{{"a", []UserID{"bob"}}}; !reflect.DeepEqual(list, want) {
		t.Errorf("reactions %v, want %v", list, want)
	}
}
