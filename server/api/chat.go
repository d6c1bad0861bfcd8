package api

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	"parley/chat"
	"parley/server/request"
	"parley/server/response"
	"parley/server/service"
)

// ChatAnswer is an answer with one chat.
type ChatAnswer struct {
	Chat  chat.Chat   `json:"chat" msgpack:"chat"`
	Users []chat.User `json:"users" msgpack:"users"`
}

// ChatPage is the answer to GET /api/chats.
type ChatPage struct {
	Chats []chat.Chat `json:"chats" msgpack:"chats"`
	Users []chat.User `json:"users" msgpack:"users"`
	Next  string      `json:"next,omitempty" msgpack:"next,omitempty"`
}

// Chats has the handlers of chats.
type Chats struct{ *API }

// List answers with the caller's chats, newest activity first, or with open chats.
func (a Chats) List(w http.ResponseWriter, r *http.Request) error {
	limit, err := request.Limit(r, chat.DefaultPage, chat.MaxPage)
	if err != nil {
		return err
	}
	open, err := request.Bool(r, "open")
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	var page ChatPage
	if open {
		page, err = a.openChats(r, before, limit)
	} else {
		page, err = a.ownChats(r, before, limit)
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
	response.Write(w, r, http.StatusOK, page)
	return nil
}

func (a Chats) openChats(r *http.Request, before string, limit int) (page ChatPage, err error) {
	if before != "" {
		if err := chat.CheckID("before", chat.ChatID(before)); err != nil {
			return page, err
		}
	}
	page.Chats, err = a.Service.OpenChats(r.Context(), request.CallerID(r), chat.ChatID(before), limit+1)
	if err != nil {
		return page, err
	}
	if len(page.Chats) > limit {
		page.Chats = page.Chats[:limit]
		page.Next = string(page.Chats[limit-1].ID)
	}
	return page, nil
}

// ownChats returns a page of the caller's chats. It begins below (activity, id) of the
// previous page's last chat. A chat that moves up between two calls is on the first page
// when that is read again.
func (a Chats) ownChats(r *http.Request, before string, limit int) (page ChatPage, err error) {
	list := chat.ChatList{Limit: limit + 1, WithLast: limit}
	if before != "" {
		if list.Below, err = parseCursor(before); err != nil {
			return page, err
		}
	}
	page.Chats, err = a.Service.ChatsOf(r.Context(), request.CallerID(r), list)
	if err != nil {
		return page, err
	}
	if len(page.Chats) > limit {
		page.Chats = page.Chats[:limit]
		page.Next = cursor(&page.Chats[limit-1])
	}
	return page, nil
}

// cursor returns the opaque position of a chat in the list, for the next page.
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

// Create creates a chat. For a known clientId, or an existing direct chat of the same
// two users, it answers 200 with that chat.
func (a Chats) Create(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ClientID string        `json:"clientId"`
		Kind     chat.ChatKind `json:"kind"`
		Open     bool          `json:"open"`
		Title    string        `json:"title"`
		Topic    string        `json:"topic"`
		Members  []string      `json:"members"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	n := chat.NewChat{Kind: in.Kind, Open: in.Open, Title: in.Title, Topic: in.Topic, ClientID: in.ClientID}
	c, again, err := a.Service.CreateChat(r.Context(), request.Caller(r), n, in.Members)
	if err != nil {
		return err
	}
	code := http.StatusCreated
	if again {
		code = http.StatusOK
	}
	return a.answer(w, r, code, chat.Chat{ID: c.ID, Kind: c.Kind})
}

// Get handles GET /api/chats/{chatId}.
func (a Chats) Get(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	c, err := a.Service.Chat(r.Context(), request.CallerID(r), id)
	if err != nil {
		return err
	}
	return a.answerWithUsers(w, r, http.StatusOK, c)
}

// Patch changes a chat's title, topic, or who may mention all members.
func (a Chats) Patch(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	var in struct {
		Title         *string             `json:"title"`
		Topic         *string             `json:"topic"`
		GroupMentions *chat.GroupMentions `json:"groupMentions"`
		ClientID      string              `json:"clientId"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	if err := a.Service.PatchChat(r.Context(), request.Caller(r), id, service.ChatPatch{Title: in.Title, Topic: in.Topic, GroupMentions: in.GroupMentions}, in.ClientID); err != nil {
		return err
	}
	return a.answer(w, r, http.StatusOK, chat.Chat{ID: id, Kind: chat.Group})
}

// Delete handles DELETE /api/chats/{chatId}.
func (a Chats) Delete(w http.ResponseWriter, r *http.Request) error {
	id, err := request.ChatID(r)
	if err != nil {
		return err
	}
	clientID, err := request.ClientID(r)
	if err != nil {
		return err
	}
	if err := a.Service.DeleteChat(r.Context(), request.Caller(r), id, clientID); err != nil {
		return err
	}
	return response.NoContent(w)
}

// answer answers a command that succeeded with the chat as it is now. A caller who may
// not see it any more, as in a late retry, gets bare.
func (a Chats) answer(w http.ResponseWriter, r *http.Request, code int, bare chat.Chat) error {
	c, err := a.Service.Chat(r.Context(), request.CallerID(r), bare.ID)
	if chat.Is(err, chat.NotFound) {
		c, err = bare, nil
	}
	if err != nil {
		return err
	}
	return a.answerWithUsers(w, r, code, c)
}

func (a Chats) answerWithUsers(w http.ResponseWriter, r *http.Request, code int, c chat.Chat) error {
	named := service.UserSet{}
	named.Chat(&c)
	users, err := a.Service.Users(r.Context(), named.List())
	if err != nil {
		return err
	}
	response.Write(w, r, code, ChatAnswer{c, users})
	return nil
}
