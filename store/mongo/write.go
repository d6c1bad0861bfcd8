package mongo

import (
	"context"

	"parley/chat"
)

// write runs f as one transaction and waits for its commit. If it extends the
// log of a chat, id names that: it is then done in the lane of that chat. See
// transact for what f may do. ctx bounds the wait for a place in the queue only.
func (db *DB) write(ctx context.Context, id chat.ChatID, doing string, f func(t *tx) error) error {
	if err := db.open(); err != nil {
		return err
	}
	return fault(db.transact(ctx, f), doing)
}

type lanes struct{}

func (l *lanes) init(pool int) {}
func (l *lanes) close()        {}

// tx is one attempt at a transaction.
type tx struct {
	db     *DB
	ctx    context.Context // carries the session and its transaction
	now    int64           // ms
	states map[string]*state
}

type state struct{}

// append numbers the event at the chat's head, writes it and its projection.
// Nothing is judged here.
func (t *tx) append(e chat.Event) (chat.Event, error) { panic("soon") }
