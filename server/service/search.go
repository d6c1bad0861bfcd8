package service

import (
	"context"

	"parley/chat"
	"parley/server/find"
)

// searches are the operations on what is found; package find answers them.
type searches struct {
	*core
	finder *find.Finder
}

// Search answers a search by a user, with the users that the answer names.
func (s searches) Search(ctx context.Context, viewer chat.UserID, q find.Question) (find.Answer, error) {
	a, err := s.finder.Search(ctx, viewer, q)
	if err != nil {
		return a, err
	}
	named := UserSet{}
	for i := range a.Hits {
		named.Message(&a.Hits[i].Message)
	}
	for i := range a.Chats {
		named.Chat(&a.Chats[i])
	}
	named.Add(a.ByName.Users...)
	a.Users, err = s.Users(ctx, named.List())
	return a, err
}
