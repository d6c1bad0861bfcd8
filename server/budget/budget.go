// Package budget bounds what one user may ask for: requests and commands, and what is
// delivered to others because of them.
package budget

import (
	"math"
	"time"

	"parley/chat"
	"parley/middleware"
	"parley/wire"
)

// Prices of what the server delivers to other users, in tokens of Limits.Posts. They are
// the same over HTTP and sockets.
const (
	TextCost   = 1.0  // a post, an edit, a new title, topic, name or status
	eventCost  = 0.25 // an event without a text: a reaction, deletion, join, leave or role
	SignalCost = 0.05 // typing, or a read pointer that others see move

	// An edit is stored and delivered again each time and does not make the log longer:
	// a long one costs a token more for each of these bytes.
	editStep = 4 << 10
)

// Price is the price of a command.
type Price struct {
	Posts  float64 // of Limits.Posts
	People float64 // of Limits.Chats an hour: chats created and people added
}

// Of returns the price of a draft.
func Of(e *chat.Event) Price {
	switch e.Kind {
	case chat.Posted, chat.Renamed:
		return Price{Posts: TextCost}
	case chat.Edited:
		return Price{Posts: TextCost + float64(len(e.Text)/editStep)}
	case chat.Joined:
		p := Price{Posts: eventCost}
		for _, u := range e.Users {
			if u != e.By {
				p.People++
			}
		}
		return p
	}
	return Price{Posts: eventCost}
}

// OfOutcome returns the final price of a draft: nothing if nothing was written.
// A rule may have left out users who are members already, or turned a join into a role.
// A stored no-op is written, but adds no member.
func OfOutcome(draft, ev *chat.Event, again bool, err error) Price {
	switch {
	case again || err != nil || ev.Seq == 0 && draft.ClientID == "":
		return Price{}
	case ev.Seq == 0:
		return Price{Posts: eventCost}
	}
	return Of(ev)
}

// Less returns the part of p that is not in q.
func (p Price) Less(q Price) Price {
	return Price{Posts: max(0, p.Posts-q.Posts), People: max(0, p.People-q.People)}
}

// OfChat returns what a chat with that many members besides its creator costs.
func OfChat(others int) Price { return Price{People: float64(max(1, others))} }

// Budgets are what users may still spend.
type Budgets struct {
	user    middleware.Rate     // Limits.User
	PerUser *middleware.Limiter // requests and commands, by user
	posts   *middleware.Bucket  // what is delivered to others, by user
	people  *middleware.Bucket  // chats created and people added, by user
}

// New returns the budgets of all users. chats is what a user may create and add in an hour.
func New(user, posts middleware.Rate, chats int) *Budgets {
	return &Budgets{
		user:    user,
		PerUser: middleware.NewLimiter(user),
		posts:   middleware.NewBucket(posts),
		people:  middleware.NewBucket(middleware.Rate{N: chats, Per: time.Hour}),
	}
}

// Charge takes the price, all of it or nothing. It returns rate_limited if there is no
// budget.
func (b *Budgets) Charge(user chat.UserID, p Price) error {
	if ok, wait := b.posts.TakeN(string(user), p.Posts); !ok {
		return chat.FailAfter(chat.RateLimited, wait, "too many messages and changes, wait a moment")
	}
	if ok, wait := b.people.TakeN(string(user), p.People); !ok {
		b.posts.RefundN(string(user), p.Posts)
		return chat.FailAfter(chat.RateLimited, wait, "too many chats created and people added within an hour, wait %s", wait.Round(time.Second))
	}
	return nil
}

// Refund returns what Charge took for a command without an effect.
func (b *Budgets) Refund(user chat.UserID, p Price) {
	b.posts.RefundN(string(user), p.Posts)
	b.people.RefundN(string(user), p.People)
}

// A call costs one token of Limits.User, and one more for each of these many entries that
// it may read. A restart of the server must lock no user out: twenty devices with 1,000
// chats each may send hello and resume three times within a minute.
const (
	PerPage  = 50  // entries of a page: messages, members, users, chats
	PerLog   = 200 // events, of a page or of a resume
	PerHello = 100 // chats of hello, whose first token is for as many
	PerSeen  = 250 // chats of a resume, most of which need no read
	PerList  = 500 // chats from which a page of chats is chosen
	PerFocus = 5   // chats with the focus, with up to 100 members each

	PerSearch = 4 // tokens that a search costs, of which a person who types needs several a second
)

// PageCost returns what a page of limit entries costs; nil is the default size.
func PageCost(limit *int64, per int) int {
	if limit == nil || *limit < 1 || *limit > math.MaxInt32 {
		return 1 // the default size, or a limit that is refused
	}
	return 1 + (int(*limit)-1)/per
}

// HistoryCost returns what the command history costs.
func HistoryCost(c *wire.Command) int { return PageCost(c.Limit, PerPage) }

// ResumeCost returns what the command resume costs before events are read.
func ResumeCost(c *wire.Command) int { return 1 + len(c.Seen)/PerSeen }

// FocusCost returns what the command focus costs.
func FocusCost(c *wire.Command) int { return 1 + len(c.ChatIDs)/PerFocus }

// Spend takes the cost from the user's budget of requests and commands. It returns
// rate_limited if there is none left.
func (b *Budgets) Spend(user chat.UserID, cost int) error {
	if ok, _, wait := b.PerUser.TakeN(string(user), cost); !ok {
		return chat.FailAfter(chat.RateLimited, wait, "too many commands, wait a moment")
	}
	return nil
}

// SpendHello is Spend for a hello with that many chats. A refused hello also costs a token,
// for counting the chats.
func (b *Budgets) SpendHello(user chat.UserID, chats int) error {
	cost := (chats + PerHello - 1) / PerHello
	err := b.Spend(user, cost)
	if err != nil && cost < b.user.N {
		_ = b.Spend(user, 1)
		err = b.Spend(user, cost) // its delay counts that token
	}
	return err
}
