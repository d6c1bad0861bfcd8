package sqlite

import (
	"database/sql"
	"slices"

	"parley/chat"
)

// messageRow is one row of messageColumns.
type messageRow struct {
	m         chat.Message
	reactions []reaction
}

// messageScan is where rows of messageColumns are read to, one after another.
// What Scan is given goes to the heap: here once a page, not once a row. Plain
// types on the way spare its reflection.
type messageScan struct {
	m                           chat.Message
	seq                         int64
	mentions, reactions, quoted []byte
	edited, deleted, reply      sql.NullInt64
	quotedBy                    sql.NullString
	into                        []any
}

func newMessageScan() *messageScan {
	s := &messageScan{}
	m := &s.m
	s.into = []any{&s.seq, &m.At, (*string)(&m.By), &m.ClientID, &m.Text, &s.mentions, &s.edited, &s.deleted, &s.reactions, &s.reply, &s.quotedBy, &s.quoted}
	return s
}

// row reads one row; nothing of it is shared with the next.
func (s *messageScan) row(from scanner) (r messageRow, err error) {
	if err = from.Scan(s.into...); err != nil {
		return r, err
	}
	r.m = s.m
	m := &r.m
	m.Seq, m.EditedAt, m.DeletedAt = chat.Seq(s.seq), s.edited.Int64, s.deleted.Int64
	m.Reply = quote(s.reply, s.quotedBy, s.quoted)
	if m.Mentions, err = ids(s.mentions); err != nil {
		return r, err
	}
	r.reactions, err = reactions(s.reactions)
	return r, err
}

// message is the row as the viewer sees it, each reaction's By cut to the first
// by users; a negative by means all.
func (r messageRow) message(id chat.ChatID, viewer chat.UserID, by int) chat.Message {
	m := r.m
	m.ChatID = id
	for _, x := range r.reactions {
		who := x.By
		if by >= 0 && len(who) > by {
			who = who[:by:by]
		}
		m.Reactions = append(m.Reactions, chat.Reaction{Emoji: x.Emoji, Count: len(x.By), Mine: viewer != "" && slices.Contains(x.By, viewer), By: who})
	}
	return m
}

func quote(reply sql.NullInt64, by sql.NullString, text []byte) *chat.Quote {
	if !reply.Valid {
		return nil
	}
	return &chat.Quote{Seq: chat.Seq(reply.Int64), By: chat.UserID(by.String), Text: chat.Cut(string(text), chat.MaxQuote)}
}

// eventScan is messageScan for eventOfMessage and eventOfEvent.
type eventScan struct {
	e                                             chat.Event
	seq, n                                        int64
	mentions, quoted, users                       []byte
	clientID, text, quotedBy, emoji, role, reason sql.NullString
	edited, deleted, reply, target                sql.NullInt64
	into                                          []any
}

func newEventScan(id chat.ChatID) *eventScan {
	s := &eventScan{e: chat.Event{ChatID: id}}
	e := &s.e
	s.into = []any{&s.seq, &s.n, &e.At, (*string)(&e.Kind), (*string)(&e.By), &s.clientID, &s.text, &s.mentions, &s.edited, &s.deleted, &s.reply, &s.quotedBy,
		&s.quoted, &s.target, &s.emoji, &e.On, &s.users, &s.role, &s.reason, &e.Title, &e.Topic}
	return s
}

func (s *eventScan) row(from scanner) (chat.Event, error) {
	if err := from.Scan(s.into...); err != nil {
		return chat.Event{}, err
	}
	e := s.e
	e.Seq, e.N = chat.Seq(s.seq), chat.Seq(s.n)
	e.ClientID, e.Text, e.Emoji, e.Role, e.Reason = s.clientID.String, s.text.String, s.emoji.String, chat.Role(s.role.String), s.reason.String
	e.EditedAt, e.DeletedAt, e.Target = s.edited.Int64, s.deleted.Int64, chat.Seq(s.target.Int64)
	e.Reply = quote(s.reply, s.quotedBy, s.quoted)
	var err error
	if e.Mentions, err = ids(s.mentions); err != nil {
		return e, err
	}
	e.Users, err = ids(s.users)
	return e, err
}
