package chat

// A chat is deleted by left events with the reason ReasonDeleted. The first one marks it:
// rules find neither chat nor members from then on, and its title and topic are empty. The
// others remove its members, MaxJoinAtOnce at a time. Then its log is purged. What stays is
// the first and the last of these events, and who made the chat with which ClientID: a late
// retry of either command is answered as before.

// ReasonDeleted is the Reason of left events by which a chat is deleted.
const ReasonDeleted = "deleted"

// DeletesChat reports whether the event is one of those by which a chat is deleted: the
// events before it may be purged.
func (e *Event) DeletesChat() bool { return e.Kind == Left && e.Reason == ReasonDeleted }

// DeleteChat is the rule of the left draft that deletes a chat: an admin of the group or of
// the server deletes it.
func DeleteChat(v View, e *Event) error {
	c := v.Chat()
	role, in := v.Member(e.By)
	u, _ := v.User(e.By)
	switch {
	case c.Kind == "", !in && (c.Kind == Direct || !u.ActiveAdmin()):
		return NoChat()
	case c.Kind == Direct:
		return Fail(Forbidden, "a direct chat cannot be deleted")
	case role != RoleAdmin && !u.ActiveAdmin():
		return Fail(Forbidden, "only an admin of the chat can delete it")
	}
	e.Users, e.Reason = v.Members(MaxJoinAtOnce), ReasonDeleted
	return nil
}

// Emptying returns the event that removes the next members of a deleted chat; ok is false
// when none are left. by is the user who deleted it.
func Emptying(v View, id ChatID, by UserID) (e Event, ok bool) {
	users := v.Members(MaxJoinAtOnce)
	return Event{Kind: Left, ChatID: id, By: by, Users: users, Reason: ReasonDeleted}, len(users) > 0
}

// Outlasts reports whether the event stays when the log of its deleted chat, which ends at
// head, is purged.
func (e *Event) Outlasts(head Seq) bool {
	return e.Seq == head || e.DeletesChat() && e.ClientID != ""
}
