package api

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
	"parley/wire"
)

// MessageAnswer is an answer with one message.
type MessageAnswer struct {
	Message chat.Message `json:"message" msgpack:"message"`
	Again   bool         `json:"again,omitempty" msgpack:"again,omitempty"`
}

// Messages has the handlers of messages.
type Messages struct{ *API }

// Get handles GET /api/chats/{chatId}/messages/{seq}.
func (a Messages) Get(w http.ResponseWriter, r *http.Request) error {
	id, seq, err := request.Message(r)
	if err != nil {
		return err
	}
	m, err := a.Service.Message(r.Context(), request.CallerID(r), id, seq)
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, MessageAnswer{Message: m})
	return nil
}

// Post handles POST /api/chats/{chatId}/messages.
func (a Messages) Post(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ClientID string                 `json:"clientId"`
		Text     string                 `json:"text"`
		ReplyTo  chat.Seq               `json:"replyTo"`
		Files    []chat.FileID          `json:"files"`
		Alts     map[chat.FileID]string `json:"alts"`
		Silent   bool                   `json:"silent"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	ev, again, err := a.appendWait(r, a.Service.Post, &wire.Command{ChatID: chat.ChatID(chi.URLParam(r, "chatId")),
		ClientID: in.ClientID, Text: in.Text, ReplyTo: in.ReplyTo, Files: in.Files, Alts: in.Alts, Silent: in.Silent})
	if err != nil {
		return err
	}
	if again { // the message may have been edited since
		return a.answerChanged(w, r, chat.Message{ChatID: ev.ChatID, Seq: ev.Seq, At: ev.At, By: ev.By, ClientID: ev.ClientID}, true)
	}
	response.Write(w, r, http.StatusCreated, MessageAnswer{Message: chat.Message{ChatID: ev.ChatID, Seq: ev.Seq, At: ev.At, By: ev.By,
		ClientID: ev.ClientID, Text: ev.Text, Reply: ev.Reply, Root: ev.Root, Mentions: ev.Mentions, MentionsAll: ev.MentionsAll, Files: ev.Files}})
	return nil
}

// Patch handles PATCH /api/chats/{chatId}/messages/{seq}.
func (a Messages) Patch(w http.ResponseWriter, r *http.Request) error {
	id, seq, err := request.Message(r)
	if err != nil {
		return err
	}
	var in struct {
		Text     string `json:"text"`
		ClientID string `json:"clientId"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	_, _, err = a.appendWait(r, a.Service.Edit, &wire.Command{ChatID: id, Target: seq, Text: in.Text, ClientID: in.ClientID})
	if err != nil {
		return targetAsSeq(err)
	}
	return a.answerChanged(w, r, chat.Message{ChatID: id, Seq: seq, By: request.CallerID(r)}, false)
}

// Delete handles DELETE /api/chats/{chatId}/messages/{seq}.
func (a Messages) Delete(w http.ResponseWriter, r *http.Request) error {
	id, seq, err := request.Message(r)
	if err != nil {
		return err
	}
	clientID, err := request.ClientID(r)
	if err != nil {
		return err
	}
	if _, _, err := a.appendWait(r, a.Service.Delete, &wire.Command{ChatID: id, Target: seq, ClientID: clientID}); err != nil {
		return targetAsSeq(err)
	}
	return response.NoContent(w)
}

// PutReaction handles PUT /api/chats/{chatId}/messages/{seq}/reactions/{emoji}.
func (a Messages) PutReaction(w http.ResponseWriter, r *http.Request) error {
	return a.react(w, r, true)
}

// DeleteReaction handles DELETE /api/chats/{chatId}/messages/{seq}/reactions/{emoji}.
func (a Messages) DeleteReaction(w http.ResponseWriter, r *http.Request) error {
	return a.react(w, r, false)
}

func (a Messages) react(w http.ResponseWriter, r *http.Request, on bool) error {
	id, seq, err := request.Message(r)
	if err != nil {
		return err
	}
	emoji := chi.URLParam(r, "emoji")
	if r.URL.RawPath != "" { // then chi matches the escaped path and does not unescape the parameter
		if emoji, err = url.PathUnescape(emoji); err != nil {
			return chat.FailField(chat.BadInput, "emoji", "emoji is not escaped as a path segment")
		}
	}
	clientID, err := request.ClientID(r)
	if err != nil {
		return err
	}
	_, _, err = a.appendWait(r, a.Service.React, &wire.Command{ChatID: id, Target: seq, Emoji: emoji, On: &on, ClientID: clientID})
	if err != nil {
		return targetAsSeq(err)
	}
	return response.NoContent(w)
}

// PutPin handles PUT /api/chats/{chatId}/messages/{seq}/pin.
func (a Messages) PutPin(w http.ResponseWriter, r *http.Request) error { return a.pin(w, r, true) }

// DeletePin handles DELETE /api/chats/{chatId}/messages/{seq}/pin.
func (a Messages) DeletePin(w http.ResponseWriter, r *http.Request) error { return a.pin(w, r, false) }

func (a Messages) pin(w http.ResponseWriter, r *http.Request, on bool) error {
	id, seq, err := request.Message(r)
	if err != nil {
		return err
	}
	clientID, err := request.ClientID(r)
	if err != nil {
		return err
	}
	if _, _, err := a.appendWait(r, a.Service.Pin, &wire.Command{ChatID: id, Target: seq, On: &on, ClientID: clientID}); err != nil {
		return targetAsSeq(err)
	}
	return response.NoContent(w)
}

// targetAsSeq renames the field of an error: a command's target is the seq of the path.
func targetAsSeq(err error) error {
	var e *chat.Error
	if !errors.As(err, &e) || e.Field != "target" {
		return err
	}
	named := *e
	named.Field = "seq"
	return &named
}

// answerChanged answers a command that succeeded with the message as it is now. A caller
// who is not a member any more, as in a late retry, gets bare.
func (a Messages) answerChanged(w http.ResponseWriter, r *http.Request, bare chat.Message, again bool) error {
	m, err := a.Service.Message(r.Context(), request.CallerID(r), bare.ChatID, bare.Seq)
	if chat.Is(err, chat.NotFound) {
		m, err = bare, nil
	}
	if err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, MessageAnswer{m, again})
	return nil
}
