package service

import (
	"parley/chat"
	"parley/wire"
)

// Position is a place in a chat's log: the number of an event and its time. The number
// alone does not tell two histories apart, such as a database and an older copy of it
// that was restored.
type Position struct {
	Seq chat.Seq
	At  int64 // ms, or Untimed
}

// Untimed is the time of a position that was given by its number alone, or that needs
// no comparison any more.
const Untimed = -1

// Begins reports whether the first of the events is the one at the position.
func (p Position) Begins(events []chat.Event) bool {
	return len(events) > 0 && events[0].Seq == p.Seq && events[0].At == p.At
}

// HeadOf returns the position of a chat's head.
func HeadOf(c *chat.Chat) Position { return Position{c.Head, c.Activity} }

// SeenIn returns the position that a resume names for one of its chats. Before the first
// event there is nothing to compare.
func SeenIn(cmd *wire.Command, id chat.ChatID) Position {
	seen := Position{cmd.Seen[id], Untimed}
	if at, ok := cmd.At[id]; ok && seen.Seq != 0 {
		seen.At = at
	}
	return seen
}
