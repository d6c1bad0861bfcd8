package find

import (
	"context"
	"slices"
	"time"

	_ "time/tzdata" // a container may have no time zones

	"golang.org/x/sync/semaphore"

	"parley/chat"
	"parley/search"
)

// Store is what is asked of the store.
type Store interface {
	ChatsOf(ctx context.Context, user chat.UserID, l chat.ChatList) ([]chat.Chat, error)
	Messages(ctx context.Context, viewer chat.UserID, places []chat.MessagePlace) ([]chat.Message, error)
	UsersByHandle(ctx context.Context, handles []string) ([]chat.User, error)
	FindUsers(ctx context.Context, q, after string, limit int) (users []chat.User, next string, err error)
}

// Index finds messages in the chats, newest first, as Search of search/index does.
type Index func(ctx context.Context, chats []chat.ChatID, q search.Query, limit int, cursor string) (hits []chat.MessagePlace, next string, indexedFrom int64, err error)

// Finder answers searches. All methods are safe for concurrent use.
type Finder struct {
	store Store
	index Index
	slots *semaphore.Weighted // of searches that run: others work on the same cores
	now   func() time.Time
}

// New returns a Finder.
func New(store Store, index Index) *Finder {
	return &Finder{store: store, index: index, slots: semaphore.NewWeighted(maxSearches), now: time.Now}
}

const (
	maxSearches = 8  // at a time; those of others wait
	maxByName   = 5  // chats, and users, that are found by name
	MaxPage     = 50 // messages

	maxTime    = 10 * time.Second // of a search, with its wait for others and for the index
	retryAfter = 5 * time.Second
)

// Question is a search by a user.
type Question struct {
	Q      string
	Chat   chat.ChatID // "": all chats of the viewer
	Limit  int         // 1 to MaxPage
	Cursor string      // the Next of the page before
	Zone   string      // of the dates in Q, as in the IANA database; "": UTC
}

// Hit is a message that is found, with the part of its text in which it was.
type Hit struct {
	ChatID     chat.ChatID        `json:"chatId" msgpack:"chatId"`
	Message    chat.Message       `json:"message" msgpack:"message"`
	Snippet    string             `json:"snippet" msgpack:"snippet"`
	Highlights []search.Highlight `json:"highlights" msgpack:"highlights"`
}

// Answer is a page of what is found.
type Answer struct {
	Hits        []Hit       `json:"hits" msgpack:"hits"`
	Chats       []chat.Chat `json:"chats" msgpack:"chats"` // of the hits, and found by name
	Users       []chat.User `json:"users" msgpack:"users"` // that the hits and chats name, and found by name
	ByName      ByName      `json:"byName" msgpack:"byName"`
	Next        string      `json:"next,omitempty" msgpack:"next,omitempty"`
	IndexedFrom int64       `json:"indexedFrom,omitempty" msgpack:"indexedFrom,omitempty"` // ms: older messages are not indexed yet
}

// ByName are the chats and users whose names have the words of the query: of a first page
// of all chats.
type ByName struct {
	Chats []chat.ChatID `json:"chats" msgpack:"chats"`
	Users []chat.UserID `json:"users" msgpack:"users"`
}

// Search answers a question, but for the Users.
func (f *Finder) Search(ctx context.Context, viewer chat.UserID, q Question) (Answer, error) {
	bounded, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	a, err := f.search(bounded, viewer, q)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = chat.FailAfter(chat.Unavailable, retryAfter, "searching takes too long at the moment; try again")
	}
	return a, err
}

func (f *Finder) search(ctx context.Context, viewer chat.UserID, q Question) (Answer, error) {
	zone, err := location(q.Zone)
	if err != nil {
		return Answer{}, err
	}
	query, names, err := search.Parse(q.Q, f.now().In(zone), q.Chat != "")
	if err != nil {
		return Answer{}, err
	}
	if err := f.slots.Acquire(ctx, 1); err != nil {
		return Answer{}, err
	}
	defer f.slots.Release(1)
	chats, err := f.store.ChatsOf(ctx, viewer, chat.ChatList{})
	if err != nil {
		return Answer{}, err
	}
	s := asked{Finder: f, viewer: viewer, chats: chats, query: query}
	if err := s.resolve(ctx, q, names); err != nil {
		return Answer{}, err
	}
	ids := make([]chat.ChatID, len(chats))
	for i := range chats {
		ids[i] = chats[i].ID
	}
	hits, next, indexedFrom, err := f.index(ctx, ids, s.query, q.Limit, q.Cursor)
	if err != nil {
		return Answer{}, err
	}
	a := Answer{Next: next, IndexedFrom: indexedFrom, ByName: ByName{Chats: []chat.ChatID{}, Users: []chat.UserID{}}}
	if a.Hits, err = s.read(ctx, hits); err != nil {
		return Answer{}, err
	}
	if q.Chat == "" && q.Cursor == "" && len(names.In) == 0 && names.Text != "" {
		if err := s.byName(ctx, &a, names.Text); err != nil {
			return Answer{}, err
		}
	}
	a.Chats = []chat.Chat{}
	for _, c := range chats {
		if slices.Contains(a.ByName.Chats, c.ID) || slices.ContainsFunc(a.Hits, func(h Hit) bool { return h.ChatID == c.ID }) {
			a.Chats = append(a.Chats, c)
		}
	}
	return a, nil
}

// location returns a time zone.
func location(zone string) (*time.Location, error) {
	bad := chat.FailField(chat.BadInput, "tz", "tz must be a time zone such as Europe/Berlin")
	if zone == "Local" || len(zone) > 64 {
		return nil, bad
	}
	l, err := time.LoadLocation(zone)
	if err != nil {
		return nil, bad
	}
	return l, nil
}

// asked is a question that is being answered.
type asked struct {
	*Finder
	viewer chat.UserID
	chats  []chat.Chat // of the viewer, now
	query  search.Query
}

// read returns the messages that still match, as the viewer sees them. An edit, a
// deletion or a removal of the viewer may not have reached the index yet.
func (s *asked) read(ctx context.Context, found []chat.MessagePlace) ([]Hit, error) {
	messages, err := s.store.Messages(ctx, s.viewer, found)
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, 0, len(messages))
	for _, m := range messages {
		if !s.query.Match(m) {
			continue
		}
		snippet, highlights := s.query.Snippet(m.Text)
		hits = append(hits, Hit{ChatID: m.ChatID, Message: m, Snippet: snippet, Highlights: append([]search.Highlight{}, highlights...)})
	}
	return hits, nil
}
