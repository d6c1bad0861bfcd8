package sqlite

import (
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"parley/chat"
)

// packed is the unread rest of messages as read.go packs them. The strings that are read
// share its bytes.
type packed struct {
	rest string
	bad  bool // a number could not be parsed
}

// oneMessage is a row of messageQuery as packed.message reads it.
func oneMessage(row scanner, id chat.ChatID, viewer chat.UserID, by int) (m chat.Message, err error) {
	var p packed
	if err = row.Scan(&p.rest); err == nil {
		err = p.message(&m, id, viewer, by)
	}
	return m, err
}

// message reads one message as the viewer sees it, each reaction's By cut to the
// first by users; a negative by means all. m is written in place: it is large.
func (p *packed) message(m *chat.Message, id chat.ChatID, viewer chat.UserID, by int) (err error) {
	seq := p.number()
	m.ChatID, m.Seq, m.At = id, chat.Seq(max(seq, -seq)), p.number()
	m.By, m.ClientID, m.Text = chat.UserID(p.next()), p.next(), p.next()
	if seq < 0 {
		m.EditedAt, m.DeletedAt = p.number(), p.number()
		var all []chat.Reactors
		if m.Mentions, err = ids([]byte(p.next())); err == nil {
			all, err = reactions([]byte(p.next()))
		}
		m.Reactions = chat.ReactionsFor(all, viewer, by)
		if err == nil {
			m.Files, err = files([]byte(p.next()))
		}
		m.Pinned, m.MentionsAll, m.Root = p.number() != 0, chat.GroupMention(p.next()), chat.Seq(p.number())
		if reply := p.number(); reply != 0 {
			q := &chat.Quote{Seq: chat.Seq(reply), By: chat.UserID(p.next())}
			n := p.number()
			q.Text = chat.Cut(p.next(), chat.MaxQuote)
			if q.Text == "" {
				q.Files = int(n)
			}
			m.Reply = q
		}
	}
	if p.bad {
		err = errors.New("sqlite: a message is not packed as it should be")
	}
	return err
}

func (p *packed) next() (part string) {
	part, p.rest, _ = strings.Cut(p.rest, "\xff")
	return part
}

func (p *packed) number() int64 {
	n, err := strconv.ParseInt(p.next(), 10, 64)
	p.bad = p.bad || err != nil
	return n
}

func quoteOf(reply sql.NullInt64, by sql.NullString, text []byte, files sql.NullInt64) *chat.Quote {
	if !reply.Valid {
		return nil
	}
	q := &chat.Quote{Seq: chat.Seq(reply.Int64), By: chat.UserID(by.String), Text: chat.Cut(string(text), chat.MaxQuote)}
	if q.Text == "" {
		q.Files = int(files.Int64)
	}
	return q
}

// eventScan scans rows of eventOfMessage and eventOfEvent, one after another. The
// arguments of Scan escape to the heap, here once for all rows. Plain types avoid Scan's
// reflection.
type eventScan struct {
	e                                             chat.Event
	seq, n                                        int64
	mentions, quoted, files, users                []byte
	clientID, text, quotedBy, emoji, role, reason sql.NullString
	rare                                          sql.NullString
	edited, deleted, reply, quotedFiles, target   sql.NullInt64
	picture                                       *string
	into                                          []any
}

func newEventScan(id chat.ChatID) *eventScan {
	s := &eventScan{e: chat.Event{ChatID: id}}
	e := &s.e
	s.into = []any{&s.seq, &s.n, &e.At, (*string)(&e.Kind), (*string)(&e.By), &s.clientID, &s.text, &s.mentions, &s.edited, &s.deleted, &s.reply, &s.quotedBy,
		&s.quoted, &s.files, &s.quotedFiles, &s.target, &s.emoji, &e.On, &s.users, &s.role, &s.reason, &e.Title, &e.Topic, &s.picture, &s.rare}
	return s
}

// setRare sets what few events have: of a renamed event who may mention all members after it
// and what it changed, else root, silent and mentions_all.
func setRare(e *chat.Event, column string) {
	if e.Kind == chat.Renamed {
		group, fields, _ := strings.Cut(column, " ")
		if e.GroupMentions = chat.GroupMentions(group); fields != "" {
			e.Changed = strings.Split(fields, " ")
		}
		return
	}
	root, rest, _ := strings.Cut(column, " ")
	silent, all, _ := strings.Cut(rest, " ")
	n, _ := strconv.ParseUint(root, 10, 64) // the column is a number
	e.Root, e.Silent, e.MentionsAll = chat.Seq(n), silent == "1", chat.GroupMention(all)
}

func (s *eventScan) row(from scanner) (chat.Event, error) {
	if err := from.Scan(s.into...); err != nil {
		return chat.Event{}, err
	}
	e := s.e
	e.Seq, e.N = chat.Seq(s.seq), chat.Seq(s.n)
	e.ClientID, e.Text, e.Emoji, e.Role, e.Reason = s.clientID.String, s.text.String, s.emoji.String, chat.Role(s.role.String), s.reason.String
	e.EditedAt, e.DeletedAt, e.Target = s.edited.Int64, s.deleted.Int64, chat.Seq(s.target.Int64)
	e.Picture = (*chat.FileID)(s.picture)
	if s.rare.Valid {
		setRare(&e, s.rare.String)
	}
	e.Reply = quoteOf(s.reply, s.quotedBy, s.quoted, s.quotedFiles)
	var err error
	if e.Mentions, err = ids(s.mentions); err != nil {
		return e, err
	}
	if e.Files, err = files(s.files); err != nil {
		return e, err
	}
	e.Users, err = ids(s.users)
	return e, err
}
