package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/service"
)

type ChatAnswer struct {
	Chat  chat.Chat   `json:"chat" msgpack:"chat"`
	Users []chat.User `json:"users" msgpack:"users"`
}

type ChatPage struct {
	Chats []chat.Chat `json:"chats" msgpack:"chats"`
	Users []chat.User `json:"users" msgpack:"users"`
	Next  string      `json:"next,omitempty" msgpack:"next,omitempty"`
}

// chatID reads the chat that the path names.
func chatID(r *http.Request) (chat.ChatID, error) {
	id := chat.ChatID(chi.URLParam(r, "chatId"))
	return id, chat.CheckID("chatId", id)
}

// ListChats answers with the caller's chats, newest activity first, or with open chats.
func (a *API) ListChats(w http.ResponseWriter, r *http.Request) error {
	most, err := pageSize(r, chat.DefaultPage, chat.MaxPage)
	if err != nil {
		return err
	}
	open, err := boolean(r, "open")
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	var page ChatPage
	if open {
		page, err = a.openChats(r, before, most)
	} else {
		page, err = a.ownChats(r, before, most)
	}
	if err != nil {
		return err
	}
	named := service.UserSet{}
	for i := range page.Chats {
		named.Chat(&page.Chats[i])
	}
	if page.Users, err = a.Service.Users(r.Context(), named.List()); err != nil {
		return err
	}
	a.Answer(w, r, http.StatusOK, page)
	return nil
}

func (a *API) openChats(r *http.Request, before string, most int) (page ChatPage, err error) {
	if before != "" {
		if err := chat.CheckID("before", chat.ChatID(before)); err != nil {
			return page, err
		}
	}
	page.Chats, err = a.Service.OpenChats(r.Context(), me(r), chat.ChatID(before), most+1)
	if err != nil {
		return page, err
	}
	if len(page.Chats) > most {
		page.Chats = page.Chats[:most]
		page.Next = string(page.Chats[most-1].ID)
	}
	return page, nil
}

// ownChats: a page begins below (activity, id) of the last chat of the page
// before, so that a chat which moves up meanwhile is missed by no page that was
// not yet read: it comes with the next look at the first one.
func (a *API) ownChats(r *http.Request, before string, most int) (page ChatPage, err error) {
	list := chat.ChatList{Limit: most + 1, WithLast: most}
	if before != "" {
		if list.Below, err = parseCursor(before); err != nil {
			return page, err
		}
	}
	page.Chats, err = a.Service.ChatsOf(r.Context(), me(r), list)
	if err != nil {
		return page, err
	}
	if len(page.Chats) > most {
		page.Chats = page.Chats[:most]
		page.Next = cursor(&page.Chats[most-1])
	}
	return page, nil
}

// cursor names the place of a chat in the list for a client.
func cursor(c *chat.Chat) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(c.Activity, 10) + "." + string(c.ID)))
}

func parseCursor(s string) (p chat.ChatPlace, err error) {
	raw, err := base64.RawURLEncoding.DecodeString(s)
	activity, id, ok := strings.Cut(string(raw), ".")
	if err == nil {
		p.Activity, err = strconv.ParseInt(activity, 10, 64)
	}
	p.ID = chat.ChatID(id)
	if err != nil || !ok || chat.CheckID("before", p.ID) != nil {
		return p, chat.FailField(chat.BadInput, "before", "before must be the next of an earlier page")
	}
	return p, nil
}

// CreateChat makes a chat; a known clientId, or the same direct pair, gives the
// first one again.
func (a *API) CreateChat(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ClientID string        `json:"clientId"`
		Kind     chat.ChatKind `json:"kind"`
		Open     bool          `json:"open"`
		Title    string        `json:"title"`
		Topic    string        `json:"topic"`
		Members  []string      `json:"members"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	n := chat.NewChat{Kind: in.Kind, Open: in.Open, Title: in.Title, Topic: in.Topic, ClientID: in.ClientID}
	c, again, err := a.Service.CreateChat(r.Context(), caller(r), n, in.Members)
	if err != nil {
		return err
	}
	code := http.StatusCreated
	if again {
		code = http.StatusOK
	}
	return a.answerChat(w, r, code, c.ID)
}

func (a *API) GetChat(w http.ResponseWriter, r *http.Request) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	return a.answerChat(w, r, http.StatusOK, id)
}

// PatchChat renames a chat or changes its topic.
func (a *API) PatchChat(w http.ResponseWriter, r *http.Request) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	var in struct {
		Title    *string `json:"title"`
		Topic    *string `json:"topic"`
		ClientID string  `json:"clientId"`
	}
	if err := decode(r, &in); err != nil {
		return err
	}
	if err := a.Service.RenameChat(r.Context(), caller(r), id, in.Title, in.Topic, in.ClientID); err != nil {
		return err
	}
	return a.answerChat(w, r, http.StatusOK, id)
}

// answerChat answers with the chat as the caller now sees it.
func (a *API) answerChat(w http.ResponseWriter, r *http.Request, code int, id chat.ChatID) error {
	c, err := a.Service.Chat(r.Context(), me(r), id)
	if err != nil {
		return err
	}
	named := service.UserSet{}
	named.Chat(&c)
	users, err := a.Service.Users(r.Context(), named.List())
	if err != nil {
		return err
	}
	a.Answer(w, r, code, ChatAnswer{c, users})
	return nil
}
