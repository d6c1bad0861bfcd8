package server

import (
	"context"
	"net/http"

	"parley/chat"
)

func (s *Server) putRead(w http.ResponseWriter, r *http.Request) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	var in struct {
		Seq *chat.Seq `json:"seq"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if in.Seq == nil || *in.Seq == 0 {
		return chat.FailField(chat.BadInput, "seq", "seq must be a number in the chat")
	}
	if err := s.markRead(r.Context(), me(r), id, *in.Seq); err != nil {
		return err
	}
	return done(w)
}

// markRead moves a read pointer, never back, and tells those who may see it: the
// user's own devices, and in a small chat those who look at it. The pointer is
// kept; the signal may be lost, and others get none from somebody who told them
// too much already.
func (s *Server) markRead(ctx context.Context, user chat.UserID, id chat.ChatID, seq chat.Seq) error {
	at, moved, err := s.Store.MarkRead(ctx, id, user, seq)
	if err != nil || !moved {
		return err
	}
	c, err := s.Store.Chat(ctx, user, id)
	if err != nil {
		return err
	}
	others := c.MemberCount <= chat.SmallChat && s.charge(user, price{posts: signalCost}) == nil
	_ = s.Store.Tell(ctx, chat.Signal{Kind: chat.SignalRead, ChatID: id, By: user, Seq: at, Small: others})
	return nil
}
