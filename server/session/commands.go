package session

import (
	"context"

	"parley/chat"
	"parley/server/budget"
	"parley/wire"
)

// command is one row of the table: all that tells one command from another.
type command struct {
	name   string
	fields []string // of wire.Command, beside id and do

	beforeHello bool                    // accepted from a peer that has not said hello
	keepsHold   bool                    // does not end the hold on delivery after hello
	places      func(bytes int) int     // of the session's places, for a command of that size; nil: none
	cost        func(*wire.Command) int // of the user's budget; nil: 1

	// Either run, which answers the command, on the read loop or, if ordered, after
	// all earlier commands of the same chat are done; or draft, which is queued in the
	// store in the order of the chat's commands, without waiting for earlier drafts,
	// and is answered when it is committed.
	ordered bool
	run     func(*Session, *task)
	draft   func(Service, context.Context, chat.UserID, *wire.Command, Done) error
	reply   func(ev chat.Event, again bool) any // the ok of a draft
}

// commands are all commands of docs/protocol.md. A new one is a new row.
var commands = []command{
	{name: "hello", fields: []string{"token", "as", "parts"}, beforeHello: true, run: (*Session).startHello},
	{name: "ping", beforeHello: true, keepsHold: true, run: (*Session).ping},
	{name: "resume", fields: []string{"epoch", "seen", "at", "more"}, keepsHold: true, cost: budget.ResumeCost, run: (*Session).startResume},

	{name: "post", fields: []string{"chatId", "clientId", "text", "replyTo", "files", "alts", "silent"}, places: bySize, draft: Service.Post, reply: posted},
	{name: "edit", fields: []string{"chatId", "clientId", "target", "text"}, places: bySize, draft: Service.Edit, reply: changed},
	{name: "delete", fields: []string{"chatId", "clientId", "target"}, places: bySize, draft: Service.Delete, reply: changed},
	{name: "react", fields: []string{"chatId", "clientId", "target", "emoji", "on"}, places: bySize, draft: Service.React, reply: changed},
	{name: "pin", fields: []string{"chatId", "clientId", "target", "on"}, places: bySize, draft: Service.Pin, reply: changed},

	{name: "read", fields: []string{"chatId", "seq"}, places: bySize, ordered: true, run: (*Session).markRead},
	{name: "typing", fields: []string{"chatId"}, places: bySize, ordered: true, run: (*Session).typing},
	{name: "focus", fields: []string{"chatIds"}, places: bySize, cost: budget.FocusCost, ordered: true, run: (*Session).changeFocus},
	{name: "history", fields: []string{"chatId", "limit", "before", "after", "around"}, places: bySize, cost: budget.HistoryCost, ordered: true, run: (*Session).history},
}

var (
	commandsByName = map[string]*command{}
	commandNames   []string
)

func init() {
	for i := range commands {
		commandsByName[commands[i].name] = &commands[i]
		commandNames = append(commandNames, commands[i].name)
	}
}

// task is a command under way.
type task struct {
	wire.Command
	row    *command
	places int // taken until it is answered
}

func posted(ev chat.Event, again bool) any { return wire.Posted{Seq: ev.Seq, At: ev.At, Again: again} }
func changed(ev chat.Event, _ bool) any    { return wire.Changed{Seq: ev.Seq} }

func (c *Session) ping(t *task) { c.answer(t.ID, wire.Pong{Now: chat.Now()}) }

func (c *Session) markRead(t *task) {
	err := chat.CheckID("chatId", t.ChatID)
	if err == nil {
		err = c.Service.MarkRead(c.ctx, c.user, t.ChatID, t.Seq)
		c.Presence.Attend(c.user)
	}
	c.refuse(t, err)
}

func (c *Session) typing(t *task) {
	err := chat.CheckID("chatId", t.ChatID)
	if err == nil {
		err = c.Service.Typing(c.ctx, c.user, t.ChatID)
	}
	c.refuse(t, err)
}

// changeFocus replaces the chats that the client shows. The session receives typing and read
// signals of them and, in small chats, the presence of their members.
func (c *Session) changeFocus(t *task) {
	members, err := c.focus.membersOf(t.ChatIDs)
	if c.conn.Room(c.ctx) != nil {
		return // the connection has ended
	}
	if err == nil {
		c.focus.set(t.ChatIDs, members)
		if len(t.ChatIDs) > 0 {
			c.Presence.Attend(c.user)
		}
	}
	c.refuse(t, err)
}

// resumePlaces are the places of a resume, which holds much memory; twice as many with
// times.
const resumePlaces = 32

func (c *Session) startResume(t *task) {
	if err := checkSeen(&t.Command); err != nil {
		c.refuse(t, err)
		return
	}
	places := resumePlaces
	if t.At != nil {
		places *= 2
	}
	if !c.takePlaces(places) {
		return
	}
	if !t.More {
		c.endHold(false) // resume makes the held chats live itself
	}
	c.schedule(func() {
		defer c.places.free(places)
		c.resume(&t.Command)
	})
}

func checkSeen(cmd *wire.Command) error {
	for id := range cmd.Seen {
		if err := chat.CheckID("seen", id); err != nil {
			return err
		}
	}
	for id := range cmd.At {
		if err := chat.CheckID("at", id); err != nil {
			return err
		}
	}
	return nil
}

// maxValue is the size in bytes that one value should not exceed: it must fit into a
// queue that is half full.
const maxValue = 384 << 10

// slowValue is the same for a peer that asked for parts: a line of 4 kB/s takes it
// within the time for one write (hub.Config.StuckAfter).
const slowValue = 32 << 10

// history answers with a page, or with a smaller one when its texts are long: the
// client sees by moreBefore and moreAfter that there is more.
func (c *Session) history(t *task) {
	if c.conn.Room(c.ctx) != nil {
		return // the connection has ended
	}
	most := maxValue
	if c.parts {
		most = slowValue
	}
	w, err := c.Service.Window(&t.Command)
	for err == nil {
		var h wire.History
		if h, err = c.Service.History(c.ctx, c.user, t.ChatID, w); err != nil {
			break
		}
		n := len(h.Messages)
		if b := c.codec.Encode(wire.Reply{Re: t.ID, OK: h}); n <= 1 || len(b) <= most {
			c.push(b)
			return
		}
		w.Limit = n / 2
	}
	c.refuse(t, err)
}
