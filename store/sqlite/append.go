package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"parley/chat"
)

// Append is [chat.Log].Append. The channel keeps the order in which one caller's calls
// returned.
func (db *DB) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done func(ev chat.Event, again bool, err error)) error {
	if err := chat.CheckDraft(&draft); err != nil {
		return err
	}
	return db.put(ctx, &job{draft: draft, rule: rule, done: done, whenFull: mayRemove(&draft)})
}

// mayRemove reports whether a draft may become an event for which removes is true:
// chat.PutMember also makes a member of an admin.
func mayRemove(e *chat.Event) bool {
	return removes(e) || e.Kind == chat.Joined && e.Role == chat.RoleMember
}

// removes reports whether the event removes something or takes rights away, which is also
// done on a full disk.
func removes(e *chat.Event) bool {
	return e.Kind == chat.Deleted || e.Kind == chat.Left || e.Kind == chat.RoleChanged && e.Role == chat.RoleMember
}

// judge applies the rule at the head of the chat and extends the log. A known clientId is
// found by the unique index as the event is inserted, since most are new. It is looked up
// only if the rule refused (the first event may be the reason), and the first event
// returned as chat.Event.Repeat allows. A clientId whose command changed nothing is
// in no index of events: it is looked up first, unless the draft is a post.
func (t *tx) judge(draft chat.Event, rule chat.Rule) (ev chat.Event, again bool, err error) {
	s, err := t.state(draft.ChatID)
	if err != nil {
		return chat.Event{}, false, err
	}
	if !draft.Kind.Is().Message && draft.ClientID != "" {
		if again, err = t.unchanged(&draft); again || err != nil {
			return chat.Event{}, again, err
		}
	}
	v, e := view{t, s}, draft
	err = rule(v, &e)
	switch {
	case t.broken != nil:
		return chat.Event{}, false, t.broken
	case err == nil && t.db.full.Load() && !removes(&e):
		return chat.Event{}, false, errFull()
	case err == nil:
		ev, again, err = t.extend(s, e)
		if !t.inJob {
			t.note(err) // no savepoint: what half of a post was written must not be committed
		}
		return ev, again, err
	case draft.ClientID != "":
		first, ok, findErr := t.first(&draft)
		if findErr != nil {
			return chat.Event{}, false, findErr
		}
		_, in := v.Member(draft.By)
		if ok {
			return first.Repeat(in), true, nil
		}
	}
	if errors.Is(err, chat.ErrNoChange) {
		err = nil
		if !draft.Kind.Is().Message && draft.ClientID != "" {
			if t.db.full.Load() {
				return chat.Event{}, false, errFull() // it removes nothing, and its clientId would take space
			}
			_, err = t.exec(`INSERT INTO unchanged (chat, client_id, by) VALUES (?, ?, ?)`, string(draft.ChatID), draft.ClientID, string(draft.By))
		}
	}
	return chat.Event{}, false, err
}

// unchanged reports whether a command with this clientId changed nothing.
func (t *tx) unchanged(e *chat.Event) (known bool, err error) {
	err = t.row(`SELECT EXISTS (SELECT 1 FROM unchanged WHERE chat = ? AND client_id = ? AND by = ?)`,
		string(e.ChatID), e.ClientID, string(e.By)).Scan(&known)
	return known, err
}

// append numbers the event at the chat's head, writes it and its projection, and
// publishes it after the commit. It is not judged.
func (t *tx) append(e chat.Event) (chat.Event, error) {
	s, err := t.state(e.ChatID)
	if err != nil {
		return chat.Event{}, err
	}
	ev, _, err := t.extend(s, e)
	return ev, err
}

// extend writes the event at the head of its chat, unless its clientId is known.
func (t *tx) extend(s *state, e chat.Event) (ev chat.Event, again bool, err error) {
	e.Seq, e.N, e.At = s.head+1, s.n, chat.EventTime(t.now, s.activity)
	if e.Kind.Is().Message {
		e.N++
	}
	fresh, err := t.insert(&e)
	if err != nil {
		return chat.Event{}, false, err
	}
	if !fresh {
		first, ok, err := t.first(&e)
		if err == nil && !ok {
			err = errors.New("sqlite: the first event of a known clientId is not there")
		}
		return first, true, err
	}
	t.change(s)
	s.head, s.n, s.activity = e.Seq, e.N, e.At
	if err := t.project(s, &e); err != nil {
		return chat.Event{}, false, err
	}
	t.notices = append(t.notices, chat.Notice{Event: &e})
	if is := e.Kind.Is(); is.Adds || is.Removes {
		return e, false, t.succeed(s, e.By)
	}
	return e, false, nil
}

// insert writes the row of the event; fresh is false when its clientId is known.
func (t *tx) insert(e *chat.Event) (fresh bool, err error) {
	var n int64
	if e.Kind.Is().Message {
		var reply any
		if e.Reply != nil {
			reply = int64(e.Reply.Seq)
		}
		n, err = t.exec(`INSERT INTO messages (chat, seq, n, at, by, client_id, text, reply_to, root, mentions, mentions_all, silent, files)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
			ON CONFLICT (chat, client_id, by) DO NOTHING`,
			string(e.ChatID), int64(e.Seq), int64(e.N), e.At, string(e.By), e.ClientID, e.Text, reply, nullInt(int64(e.Root)), jsonIDs(e.Mentions), nullString(string(e.MentionsAll)), nullTrue(e.Silent), jsonFiles(e.Files))
		return n == 1, err
	}
	emoji := e.Emoji
	if e.TakesBack() {
		emoji = ""
	}
	n, err = t.exec(`INSERT INTO events (chat, seq, n, at, kind, by, client_id, target, emoji, is_on, users, role, reason, title, topic, picture, group_mentions, changed)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (chat, client_id, by) WHERE client_id IS NOT NULL DO NOTHING`,
		string(e.ChatID), int64(e.Seq), int64(e.N), e.At, string(e.Kind), string(e.By), nullString(e.ClientID), nullInt(int64(e.Target)), nullString(emoji), e.On,
		jsonIDs(e.Users), nullString(string(e.Role)), nullString(e.Reason), e.Title, e.Topic, (*string)(e.Picture), nullString(string(e.GroupMentions)), nullString(strings.Join(e.Changed, " ")))
	return n == 1, err
}

// first returns the event that was made with this clientId.
func (t *tx) first(e *chat.Event) (chat.Event, bool, error) {
	if e.Kind.Is().Message {
		return oneEvent(t.row(findPost, string(e.ChatID), e.ClientID, string(e.By)), e.ChatID)
	}
	return oneEvent(t.row(findEvent, string(e.ChatID), e.ClientID, string(e.By)), e.ChatID)
}

// Find is [chat.Log].Find.
func (db *DB) Find(ctx context.Context, id chat.ChatID, by chat.UserID, clientID string) (chat.Event, bool, error) {
	ev, ok, err := oneEvent(db.row(ctx, findPost, string(id), clientID, string(by)), id)
	return ev, ok, storeError(err, "find the message")
}

func oneEvent(row scanner, id chat.ChatID) (chat.Event, bool, error) {
	e, err := newEventScan(id).row(row)
	if errors.Is(err, sql.ErrNoRows) {
		return chat.Event{}, false, nil
	}
	return e, err == nil, err
}
