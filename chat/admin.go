package chat

// Every group that has an active member has an active admin. While it has none, because
// the last one left, was removed or was deactivated, the oldest active member becomes one,
// in the commit of the cause.

// Succession returns the event that makes the oldest active member of a group an admin; ok
// is false if the group has an active admin or no active member. by is the actor of the
// cause. Stores append it after each event that adds or removes members, and when a
// member's account was activated or deactivated.
func Succession(v View, by UserID) (e Event, ok bool) {
	c := v.Chat()
	if c.Kind != Group || v.Admins() > 0 {
		return Event{}, false
	}
	u, ok := v.Oldest()
	return Event{Kind: RoleChanged, ChatID: c.ID, By: by, Users: []UserID{u}, Role: RoleAdmin}, ok
}

// Oldest returns the one of the active members who joined first, by the users of the
// chat's joined events in the order of the log. For a user who joined twice the later
// time counts.
func Oldest(joined [][]UserID, active []UserID) (oldest UserID, ok bool) {
	at := map[UserID]int{}
	n := 0
	for _, users := range joined {
		for _, u := range users {
			n++
			at[u] = n
		}
	}
	for i, u := range active {
		if i == 0 || at[u] < at[oldest] {
			oldest = u
		}
	}
	return oldest, len(active) > 0
}

// takeCharge is PutMember for an admin of the server, who may make themselves an admin of
// any group. The log shows it: the actor of the event is the user whom it promotes.
func takeCharge(v View, e *Event) error {
	switch role, in := v.Member(e.By); {
	case role == RoleAdmin:
		return ErrNoChange
	case in:
		e.Kind = RoleChanged
	}
	return nil
}

// mayTakeCharge reports whether the draft makes an admin of the server the admin of a group.
func mayTakeCharge(v View, e *Event) bool {
	if e.Role != RoleAdmin || e.Users[0] != e.By || v.Chat().Kind != Group {
		return false
	}
	u, _ := v.User(e.By)
	return u.ActiveAdmin()
}

// isLastAdmin reports whether the user, an admin of the chat, is the only active one.
func isLastAdmin(v View, u UserID) bool {
	x, _ := v.User(u)
	return x.Active && v.Admins() == 1
}
