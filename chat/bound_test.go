package chat

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"testing"
)

func TestChatLimit(t *testing.T) {
	r := tea()
	r.chats = map[UserID]int{"ann": 999, "bob": 1000, "cleo": 300, "dan": 299}
	r.made = map[UserID]map[UserID]int{
		"ann":  {"cleo": 250, "dan": 249},
		"eve":  {"cleo": 249, "dan": 9},
		"cleo": {"cleo": 300},
	}
	for _, c := range []struct {
		name  string
		limit int
		by    UserID
		users []UserID
		says  string // "": passes
	}{
		{"room for one more", 1000, "ann", []UserID{"ann"}, ""},
		{"no room", 999, "ann", []UserID{"ann"}, "you are in 999 chats"},
		{"somebody without room", 1000, "ann", []UserID{"ann", "dan", "bob"}, "bob is in 1000 chats"},
		{"no bound", 0, "ann", []UserID{"ann", "bob"}, ""},
		{"a quarter is by the maker", 1000, "ann", []UserID{"ann", "cleo"}, "cleo is in 250 chats that you created"},
		{"less is", 1000, "ann", []UserID{"ann", "dan"}, ""},
		{"another maker", 1000, "eve", []UserID{"eve", "cleo"}, ""},
		{"one's own chats", 1000, "cleo", []UserID{"cleo"}, ""},
		{"of a small bound everything", 99, "eve", []UserID{"dan"}, "dan is in 299 chats, the"},
		{"unknown to the view", 1000, "ann", []UserID{"nobody"}, ""},
	} {
		err := ChatLimit(c.limit, "members")(r, &Event{Kind: Joined, By: c.by, Users: c.users})
		if c.says == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
			continue
		}
		if e := AsError(err); e == nil || e.Code != Conflict || e.Field != "members" || !strings.Contains(e.Message, c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestAllRules(t *testing.T) {
	var asked []int
	rule := func(n int, err error) Rule { return func(View, *Event) error { asked = append(asked, n); return err } }
	if err := All(rule(1, nil), rule(2, ErrNoChange), Refuse(NoChat()))(tea(), &Event{}); !errors.Is(err, ErrNoChange) || !slices.Equal(asked, []int{1, 2}) {
		t.Errorf("%v after %v", err, asked)
	}
	if err := All(rule(3, nil), Refuse(NoChat()))(tea(), &Event{}); !Is(err, NotFound) {
		t.Error(err)
	}
	if err := All()(tea(), &Event{}); err != nil {
		t.Error(err)
	}
}

func TestChoose(t *testing.T) {
	var all []ChatPlace
	var want []ChatID
	for i := range 10 {
		p := ChatPlace{Activity: int64(i / 3), ID: ChatID(strconv.Itoa(i))}
		all, want = append(all, p), append(want, p.ID)
	}
	slices.Reverse(want)
	if !(ChatList{WithLast: 3}).All() || (ChatList{Limit: 1}).All() || (ChatList{Below: all[0]}).All() {
		t.Error("which list is all?")
	}
	for limit := range 12 {
		for from := range 11 {
			l := ChatList{Limit: limit}
			if from > 0 {
				l.Below = all[len(all)-from]
			}
			want := want[from:]
			if limit > 0 {
				want = want[:min(limit, len(want))]
			}
			if got := l.Choose(slices.Clone(all)); !slices.Equal(got, want) {
				t.Errorf("%+v: %v, want %v", l, got, want)
			}
		}
	}
}
