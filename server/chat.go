package server

import (
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"parley/chat"
)

type oneChat struct {
	Chat  chat.Chat   `json:"chat" msgpack:"chat"`
	Users []chat.User `json:"users" msgpack:"users"`
}

type chatPage struct {
	Chats []chat.Chat `json:"chats" msgpack:"chats"`
	Users []chat.User `json:"users" msgpack:"users"`
	Next  string      `json:"next,omitempty" msgpack:"next,omitempty"`
}

// chatID reads the chat that the path names.
func chatID(r *http.Request) (chat.ChatID, error) {
	id := chat.ChatID(chi.URLParam(r, "chatId"))
	return id, chat.CheckID("chatId", id)
}

// listChats gives one's own chats, newest activity first, or the open ones.
func (s *Server) listChats(w http.ResponseWriter, r *http.Request) error {
	most, err := pageSize(r, chat.DefaultPage, chat.MaxPage)
	if err != nil {
		return err
	}
	open, err := boolean(r, "open")
	if err != nil {
		return err
	}
	before := r.URL.Query().Get("before")
	var page chatPage
	if open {
		page, err = s.openChats(r, before, most)
	} else {
		page, err = s.ownChats(r, before, most)
	}
	if err != nil {
		return err
	}
	who := people{}
	for i := range page.Chats {
		who.chat(&page.Chats[i])
	}
	if page.Users, err = s.Store.Users(r.Context(), who.list()); err != nil {
		return err
	}
	s.answer(w, r, http.StatusOK, page)
	return nil
}

func (s *Server) openChats(r *http.Request, before string, most int) (page chatPage, err error) {
	if before != "" {
		if err := chat.CheckID("before", chat.ChatID(before)); err != nil {
			return page, err
		}
	}
	page.Chats, err = s.Store.OpenChats(r.Context(), me(r), chat.ChatID(before), most+1)
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
func (s *Server) ownChats(r *http.Request, before string, most int) (page chatPage, err error) {
	list := chat.ChatList{Limit: most + 1, WithLast: most}
	if before != "" {
		if list.Below, err = parseCursor(before); err != nil {
			return page, err
		}
	}
	page.Chats, err = s.Store.ChatsOf(r.Context(), me(r), list)
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

// createChat makes a chat; a known clientId, or the same direct pair, gives the
// first one again.
func (s *Server) createChat(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		ClientID string        `json:"clientId"`
		Kind     chat.ChatKind `json:"kind"`
		Open     bool          `json:"open"`
		Title    string        `json:"title"`
		Topic    string        `json:"topic"`
		Members  []string      `json:"members"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if err := chat.CheckClientID(in.ClientID); err != nil {
		return err
	}
	if err := chat.CheckLine("title", in.Title, chat.MaxTitle); err != nil {
		return err
	}
	if err := chat.CheckLine("topic", in.Topic, chat.MaxTopic); err != nil {
		return err
	}
	n := chat.NewChat{Kind: in.Kind, Open: in.Open, Title: in.Title, Topic: in.Topic, By: me(r), ClientID: in.ClientID}
	c, again, err := s.makeChat(r, n, in.Members)
	if err != nil {
		return err
	}
	code := http.StatusCreated
	if again {
		code = http.StatusOK
	}
	return s.answerChat(w, r, code, c.ID)
}

// makeChat takes what the chat costs first, and gives back what was taken for
// nothing. The retry of a chat that was made costs nothing: without a token the
// store looks for it, and then refuses.
func (s *Server) makeChat(r *http.Request, n chat.NewChat, members []string) (c chat.Chat, again bool, err error) {
	if len(members) > chat.MaxJoinAtOnce {
		return c, false, chat.FailField(chat.BadInput, "members", "members must name at most %d users", chat.MaxJoinAtOnce)
	}
	named := map[string]bool{string(n.By): true, "@" + caller(r).User.Handle: true}
	members = slices.DeleteFunc(members, func(who string) bool {
		again := named[who]
		named[who] = true
		return again
	})
	cost := priceOfChat(len(members))
	defer func() {
		if again || err != nil {
			s.refund(n.By, cost)
		}
	}()
	n.Rule = chat.ChatLimit(s.Limits.Chats, "members")
	if refused := s.charge(n.By, cost); refused != nil {
		cost, n.Rule = noPrice, chat.Refuse(refused)
		if n.Kind == chat.Group {
			members = nil // the clientId alone says which group it was
		}
	}
	if n.Members, err = s.resolve(r, members); err != nil {
		return c, false, err
	}
	if paid := priceOfChat(len(n.Members)); paid.people < cost.people { // some were named by id and by handle
		s.refund(n.By, price{people: cost.people - paid.people})
		cost = paid
	}
	switch {
	case n.Kind != chat.Group && n.Kind != chat.Direct:
		return c, false, chat.FailField(chat.BadInput, "kind", "kind must be group or direct")
	case n.Kind == chat.Group:
	case len(n.Members) != 1:
		return c, false, chat.FailField(chat.BadInput, "members", "a direct chat has exactly one other member")
	case n.Open:
		return c, false, chat.FailField(chat.BadInput, "open", "a direct chat cannot be open")
	case n.Title != "" || n.Topic != "":
		return c, false, chat.FailField(chat.BadInput, "title", "a direct chat has no title and no topic")
	}
	return s.Store.CreateChat(r.Context(), n)
}

// resolve turns ids and @handles into ids, each once and without the caller.
func (s *Server) resolve(r *http.Request, members []string) ([]chat.UserID, error) {
	ids, handles := people{}, []string{}
	for _, m := range members {
		if h, ok := strings.CutPrefix(m, "@"); ok {
			h = strings.ToLower(h)
			if chat.CheckHandle(h) != nil {
				return nil, chat.FailField(chat.BadInput, "members", "members must be user ids or @handles")
			}
			if !slices.Contains(handles, h) {
				handles = append(handles, h)
			}
			continue
		}
		if err := chat.CheckID("members", chat.UserID(m)); err != nil {
			return nil, err
		}
		ids.add(chat.UserID(m))
	}
	if len(handles) > 0 {
		users, err := s.Store.UsersByHandle(r.Context(), handles)
		if err != nil {
			return nil, err
		}
		if len(users) < len(handles) {
			return nil, chat.FailField(chat.NotFound, "members", "not every handle in members is known")
		}
		for _, u := range users {
			ids.add(u.ID)
		}
	}
	delete(ids, me(r))
	list := ids.list()
	slices.Sort(list)
	return list, nil
}

func (s *Server) getChat(w http.ResponseWriter, r *http.Request) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	return s.answerChat(w, r, http.StatusOK, id)
}

// patchChat renames a chat or changes its topic.
func (s *Server) patchChat(w http.ResponseWriter, r *http.Request) error {
	id, err := chatID(r)
	if err != nil {
		return err
	}
	var in struct {
		Title    *string `json:"title"`
		Topic    *string `json:"topic"`
		ClientID string  `json:"clientId"`
	}
	if err := read(r, &in); err != nil {
		return err
	}
	if in.Title != nil {
		if err := chat.CheckLine("title", *in.Title, chat.MaxTitle); err != nil {
			return err
		}
	}
	if in.Topic != nil {
		if err := chat.CheckLine("topic", *in.Topic, chat.MaxTopic); err != nil {
			return err
		}
	}
	if err := optionalClientID(in.ClientID); err != nil {
		return err
	}
	draft := chat.Event{Kind: chat.Renamed, ChatID: id, By: me(r), ClientID: in.ClientID, Title: in.Title, Topic: in.Topic}
	if _, _, err := s.appended(r.Context(), draft, chat.Rename); err != nil {
		return err
	}
	return s.answerChat(w, r, http.StatusOK, id)
}

// answerChat answers with the chat as the caller now sees it.
func (s *Server) answerChat(w http.ResponseWriter, r *http.Request, code int, id chat.ChatID) error {
	c, err := s.Store.Chat(r.Context(), me(r), id)
	if err != nil {
		return err
	}
	who := people{}
	who.chat(&c)
	users, err := s.Store.Users(r.Context(), who.list())
	if err != nil {
		return err
	}
	s.answer(w, r, code, oneChat{c, users})
	return nil
}

func optionalClientID(id string) error {
	if id == "" {
		return nil
	}
	return chat.CheckClientID(id)
}
