package api

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/service"
	"parley/wire"
)

type MessageAnswer struct {
	Message chat.Message `json:"message" msgpack:"message"`
	Again   bool         `json:"again,omitempty" msgpack:"again,omitempty"`
}

// message reads which message the path names.
func message(r *http.Request) (chat.ChatID, chat.Seq, error) {
	id, err := chatID(r)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(chi.URLParam(r, "seq"), 10, 63)
	if err != nil || n == 0 {
		return "", 0, chat.FailField(chat.BadInput, "seq", "seq must be a message's number")
	}
	return id, chat.Seq(n), nil
}

func (a *API) GetMessage(w http.ResponseWriter, r *http.Request) error {
	id, seq, err := message(r)
	if err != nil {
		return err
	}
	return a.answerMessage(w, r, http.StatusOK, id, seq, false)
}

func (a *API) PostMessage(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ClientID string   `json:"clientId"`
		Text     string   `json:"text"`
		ReplyTo  chat.Seq `json:"replyTo"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	ev, again, err := a.wait(r, a.Service.Post, &wire.Command{ChatID: chat.ChatID(chi.URLParam(r, "chatId")),
		ClientID: in.ClientID, Text: in.Text, ReplyTo: in.ReplyTo})
	if err != nil {
		return err
	}
	if again { // edits and reactions may have come since
		return a.answerMessage(w, r, http.StatusOK, ev.ChatID, ev.Seq, true)
	}
	a.Answer(w, r, http.StatusCreated, MessageAnswer{Message: chat.Message{ChatID: ev.ChatID, Seq: ev.Seq, At: ev.At, By: ev.By,
		ClientID: ev.ClientID, Text: ev.Text, Reply: ev.Reply, Mentions: ev.Mentions}})
	return nil
}

func (a *API) PatchMessage(w http.ResponseWriter, r *http.Request) error {
	id, seq, err := message(r)
	if err != nil {
		return err
	}
	var in struct {
		Text     string `json:"text"`
		ClientID string `json:"clientId"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	_, _, err = a.wait(r, a.Service.Edit, &wire.Command{ChatID: id, Target: seq, Text: in.Text, ClientID: in.ClientID})
	if err != nil {
		return ofPath(err)
	}
	return a.answerMessage(w, r, http.StatusOK, id, seq, false)
}

func (a *API) DeleteMessage(w http.ResponseWriter, r *http.Request) error {
	id, seq, err := message(r)
	if err != nil {
		return err
	}
	clientID, err := bodyClientID(r)
	if err != nil {
		return err
	}
	if _, _, err := a.wait(r, a.Service.Delete, &wire.Command{ChatID: id, Target: seq, ClientID: clientID}); err != nil {
		return ofPath(err)
	}
	return noContent(w)
}

func (a *API) PutReaction(w http.ResponseWriter, r *http.Request) error {
	return a.react(w, r, true)
}

func (a *API) DeleteReaction(w http.ResponseWriter, r *http.Request) error {
	return a.react(w, r, false)
}

func (a *API) react(w http.ResponseWriter, r *http.Request, on bool) error {
	id, seq, err := message(r)
	if err != nil {
		return err
	}
	emoji := chi.URLParam(r, "emoji")
	if r.URL.RawPath != "" { // then chi matches the escaped path, and leaves it so
		if emoji, err = url.PathUnescape(emoji); err != nil {
			return chat.FailField(chat.BadInput, "emoji", "emoji is not escaped as a path segment")
		}
	}
	clientID, err := bodyClientID(r)
	if err != nil {
		return err
	}
	_, _, err = a.wait(r, a.Service.React, &wire.Command{ChatID: id, Target: seq, Emoji: emoji, On: &on, ClientID: clientID})
	if err != nil {
		return ofPath(err)
	}
	return noContent(w)
}

// ofPath names the message as the path does: what a command calls target is seq
// here.
func ofPath(err error) error {
	var e *chat.Error
	if !errors.As(err, &e) || e.Field != "target" {
		return err
	}
	named := *e
	named.Field = "seq"
	return &named
}

// answerMessage answers with the message as the caller now sees it.
func (a *API) answerMessage(w http.ResponseWriter, r *http.Request, code int, id chat.ChatID, seq chat.Seq, again bool) error {
	m, err := a.Service.Message(r.Context(), me(r), id, seq)
	if err != nil {
		return err
	}
	a.Answer(w, r, code, MessageAnswer{m, again})
	return nil
}

// bodyClientID reads the optional body of a request that has nothing else to say.
func bodyClientID(r *http.Request) (string, error) {
	var in struct {
		ClientID string `json:"clientId"`
	}
	if err := decode(r, &in); err != nil {
		return "", err
	}
	return in.ClientID, service.OptionalClientID(in.ClientID)
}
