package chat

import (
	"cmp"
	"slices"
)

// ChatList selects chats of a user, newest activity first, then highest id first.
type ChatList struct {
	Only     []ChatID  // those of these that the user is in; Below and Limit are not used then
	Below    ChatPlace // the chats after this place; the zero value is the start
	Limit    int       // at most so many; 0: all
	WithLast int       // Last is filled for so many
}

// ChatPlace is the place of a chat in that order.
type ChatPlace struct {
	Activity int64
	ID       ChatID
}

// All reports whether the list has all chats of the user.
func (l ChatList) All() bool { return l.Only == nil && l.Limit == 0 && l.Below == ChatPlace{} }

// Choose returns the chats of the list, out of the places of all.
func (l ChatList) Choose(all []ChatPlace) []ChatID {
	if l.Below != (ChatPlace{}) {
		all = slices.DeleteFunc(all, func(p ChatPlace) bool { return p.compare(l.Below) <= 0 })
	}
	slices.SortFunc(all, ChatPlace.compare)
	if l.Limit > 0 && len(all) > l.Limit {
		all = all[:l.Limit]
	}
	ids := make([]ChatID, len(all))
	for i, p := range all {
		ids[i] = p.ID
	}
	return ids
}

func (p ChatPlace) compare(q ChatPlace) int {
	return cmp.Or(cmp.Compare(q.Activity, p.Activity), cmp.Compare(q.ID, p.ID))
}
