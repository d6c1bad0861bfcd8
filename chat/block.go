package chat

// A user whom another one blocked makes no direct chat with them and adds them to no chat,
// and in their direct chat, if there is one, neither of the two writes. No refusal says who
// blocked whom.

// MaxBlocks is how many users one user can block.
const MaxBlocks = 1000

// CheckBlock judges whether by can block a user; u is the zero User if there is none, and
// blocked the number of users whom by blocked before.
func CheckBlock(by UserID, u User, blocked int) error {
	switch {
	case u.ID == "":
		return FailField(NotFound, "userId", "there is no such user")
	case u.ID == by:
		return FailField(BadInput, "userId", "you cannot block yourself")
	case blocked >= MaxBlocks:
		return FailField(Conflict, "userId", "you blocked %d people, and no more are allowed", blocked)
	}
	return nil
}

// NotBlocked returns a rule for joined drafts: none of the users whom the draft adds blocked
// its author, and the author of a direct chat did not block the other. field is the name of
// the users in the caller's input.
func NotBlocked(field string) Rule {
	return func(v View, e *Event) error {
		var others []UserID
		for _, u := range e.Users {
			if u != e.By {
				others = append(others, u)
			}
		}
		if e.Kind != Joined || len(others) == 0 {
			return nil
		}
		direct := v.Chat().Kind == Direct
		if direct && v.Blocked(others[0], []UserID{e.By}) {
			return FailField(Conflict, field, "you blocked this person: unblock them first")
		}
		if !v.Blocked(e.By, others) {
			return nil
		}
		if direct {
			return FailField(Forbidden, field, "you cannot start a chat with this person")
		}
		return FailField(Forbidden, field, "not everybody here can be added by you")
	}
}

// mayWrite refuses users who are not members, and both of a direct chat in which one blocked
// the other.
func mayWrite(v View, u UserID) error {
	if err := isMember(v, u); err != nil {
		return err
	}
	if v.Silenced() {
		return Fail(Forbidden, "no messages can be sent in this chat")
	}
	return nil
}
