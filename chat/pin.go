package chat

// MaxPins is how many messages of a chat can be pinned.
const MaxPins = 100

// Pin is the rule of pinned drafts: any member pins a message that was not deleted, or
// unpins it. The deletion of a message unpins it.
func Pin(v View, e *Event) error {
	if err := mayWrite(v, e.By); err != nil {
		return err
	}
	m, err := target(v, e)
	switch {
	case err != nil:
		return err
	case m.DeletedAt != 0:
		return FailField(Conflict, "target", "message %d was deleted", e.Target)
	case m.Pinned == *e.On:
		return ErrNoChange
	case *e.On && v.Pins() >= MaxPins:
		return FailField(Conflict, "target", "the chat has %d pinned messages already: unpin one first", MaxPins)
	}
	return nil
}
