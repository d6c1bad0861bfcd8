package server

import (
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/chat"
	"parley/wire"
)

// What a user makes the server deliver to others costs tokens of Limits.Posts,
// whichever way the command came.
const (
	textCost   = 1.0  // a post, an edit, a new title, topic, name or status
	eventCost  = 0.25 // an event without a text: a reaction, deletion, join, leave or role
	signalCost = 0.05 // typing, or a read pointer that others see move

	// An edit is written and delivered anew each time and adds nothing to a
	// chat's length: one that is long costs a token more for each of these bytes.
	editStep = 4 << 10
)

// price is what a command costs its user.
type price struct {
	posts  float64 // of Limits.Posts
	people float64 // of Limits.Chats an hour: chats made and people added
}

var noPrice price

// priceOf returns what a draft costs its author.
func priceOf(e *chat.Event) price {
	switch e.Kind {
	case chat.Posted, chat.Renamed:
		return price{posts: textCost}
	case chat.Edited:
		return price{posts: textCost + float64(len(e.Text)/editStep)}
	case chat.Joined:
		p := price{posts: eventCost}
		for _, u := range e.Users {
			if u != e.By {
				p.people++
			}
		}
		return p
	}
	return price{posts: eventCost}
}

// priceOfOutcome returns what a draft costs in the end: nothing if it made no write. A
// rule may have left out users who are members already, or made a join a role. A
// remembered no-op is a write, but adds nobody.
func priceOfOutcome(draft, ev *chat.Event, again bool, err error) price {
	switch {
	case again || err != nil || ev.Seq == 0 && draft.ClientID == "":
		return noPrice
	case ev.Seq == 0:
		return price{posts: eventCost}
	}
	return priceOf(ev)
}

// less returns what of p is not in q.
func (p price) less(q price) price {
	return price{posts: max(0, p.posts-q.posts), people: max(0, p.people-q.people)}
}

// priceOfChat returns what a chat with so many members besides its maker costs.
func priceOfChat(others int) price { return price{people: float64(max(1, others))} }

// charge takes the price, all of it or nothing. Its error is rate_limited.
func (s *Server) charge(user chat.UserID, p price) error {
	if ok, wait := s.posts.TakeN(string(user), p.posts); !ok {
		return chat.FailAfter(chat.RateLimited, wait, "too many messages and changes, wait a moment")
	}
	if ok, wait := s.people.TakeN(string(user), p.people); !ok {
		s.posts.RefundN(string(user), p.posts)
		return chat.FailAfter(chat.RateLimited, wait, "too many chats made and people added within an hour, wait %s", wait.Round(time.Second))
	}
	return nil
}

// refund gives back what charge took for a command that came to nothing.
func (s *Server) refund(user chat.UserID, p price) {
	s.posts.RefundN(string(user), p.posts)
	s.people.RefundN(string(user), p.people)
}

// What a call makes the store read costs tokens of Limits.User: one, and one
// more for each of these many that it may read. A server's restart must not shut
// anybody out: twenty devices with 1,000 chats each may say hello and resume
// three times within a minute.
const (
	perPage  = 50  // entries of a page: messages, members, users, chats
	perLog   = 200 // events, of a page or brought by a resume
	perHello = 100 // chats of hello, whose first token is for as many
	perSeen  = 250 // chats of a resume, most of which need no read
	perList  = 500 // chats of which a page of chats is chosen
	perFocus = 5   // chats looked at, with up to 100 members each
)

// commandCost returns what a command costs beside hello, which counts its chats.
func commandCost(c *wire.Command) int {
	switch c.Do {
	case "history":
		return pageCost(c.Limit, perPage)
	case "resume":
		return 1 + len(c.Seen)/perSeen
	case "focus":
		return 1 + len(c.ChatIDs)/perFocus
	}
	return 1
}

// pageCost returns what a page of so many entries costs; nil is a usual one.
func pageCost(limit *int64, per int) int {
	if limit == nil || *limit < 1 || *limit > math.MaxInt32 {
		return 1 // or it is refused
	}
	return 1 + (int(*limit)-1)/per
}

// requestCost returns what a user's request costs: reads by the size of the
// page that they ask for, the list of one's own chats also by their number.
func (s *Server) requestCost(r *http.Request) int {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return 1
	}
	var query url.Values
	if r.URL.RawQuery != "" {
		query = r.URL.Query()
	}
	path, per := r.URL.EscapedPath(), perPage
	if strings.HasSuffix(path, "/events") {
		per = perLog
	}
	var limit *int64
	if n, err := strconv.ParseInt(query.Get("limit"), 10, 64); err == nil {
		limit = &n
	}
	cost := pageCost(limit, per)
	if query.Has("ids") {
		cost = 1 + strings.Count(query.Get("ids"), ",")/perPage
	}
	if path == "/api/chats" && query.Get("open") != "true" {
		// Without an answer the call itself fails, too.
		n, _ := s.Store.CountChats(r.Context(), me(r))
		cost += n / perList
	}
	return cost
}
