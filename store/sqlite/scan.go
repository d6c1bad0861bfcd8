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

func scanMessage(from scanner) (r messageRow, err error) {
	var mentions, folded, quoted []byte
	var edited, deleted, reply sql.NullInt64
	var quotedBy sql.NullString
	m := &r.m
	if err = from.Scan(&m.Seq, &m.At, &m.By, &m.ClientID, &m.Text, &mentions, &edited, &deleted, &folded, &reply, &quotedBy, &quoted); err != nil {
		return r, err
	}
	m.EditedAt, m.DeletedAt = edited.Int64, deleted.Int64
	m.Reply = quote(reply, quotedBy, quoted)
	if m.Mentions, err = ids(mentions); err != nil {
		return r, err
	}
	r.reactions, err = reactions(folded)
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

// scanEvent reads one row of eventOfMessage or eventOfEvent.
func scanEvent(from scanner, id chat.ChatID) (chat.Event, error) {
	e := chat.Event{ChatID: id}
	var clientID, text, quotedBy, emoji, role, reason sql.NullString
	var edited, deleted, reply, target sql.NullInt64
	var mentions, quoted, users []byte
	err := from.Scan(&e.Seq, &e.N, &e.At, &e.Kind, &e.By, &clientID, &text, &mentions, &edited, &deleted, &reply, &quotedBy,
		&quoted, &target, &emoji, &e.On, &users, &role, &reason, &e.Title, &e.Topic)
	if err != nil {
		return e, err
	}
	e.ClientID, e.Text, e.Emoji, e.Role, e.Reason = clientID.String, text.String, emoji.String, chat.Role(role.String), reason.String
	e.EditedAt, e.DeletedAt, e.Target = edited.Int64, deleted.Int64, chat.Seq(target.Int64)
	e.Reply = quote(reply, quotedBy, quoted)
	if e.Mentions, err = ids(mentions); err != nil {
		return e, err
	}
	e.Users, err = ids(users)
	return e, err
}
