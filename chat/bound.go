package chat

// minShare is how many chats of a user one other person may make at least.
const minShare = 100

// ChatLimit returns a rule for joined drafts that keeps everybody in at most
// limit chats; 0 is no bound. It refuses whoever would have more, and whoever
// adds somebody that would. So that nobody can fill another's list alone, the
// chats that one person made are at most a quarter of the chats of a user, or
// minShare: beyond that this person cannot add the user, others still can.
// Field is how the caller's input names the user.
func ChatLimit(limit int, field string) Rule {
	share := max(limit/4, minShare)
	return func(v View, e *Event) error {
		if limit == 0 || e.Kind == RoleChanged { // PutMember of a member
			return nil
		}
		var many []UserID // in so many chats that all may be by the same maker
		chats := v.ChatsOf(e.Users)
		for _, u := range e.Users {
			switch n := chats[u]; {
			case n >= limit && u == e.By:
				return FailField(Conflict, field, "you are in %d chats, and no more are allowed: leave one first", n)
			case n >= limit:
				return FailField(Conflict, field, "%s is in %d chats, and no more are allowed", u, n)
			case n >= share && u != e.By:
				many = append(many, u)
			}
		}
		if len(many) == 0 {
			return nil
		}
		made := v.ChatsMadeBy(e.By, many)
		for _, u := range many {
			if made[u] >= share {
				return FailField(Conflict, field, "%s is in %d chats that you made, and no more are allowed", u, made[u])
			}
		}
		return nil
	}
}

// All returns a rule that asks each of the rules in turn. The first error counts.
func All(rules ...Rule) Rule {
	return func(v View, e *Event) error {
		for _, r := range rules {
			if err := r(v, e); err != nil {
				return err
			}
		}
		return nil
	}
}

// Refuse returns a rule that gives the error.
func Refuse(err error) Rule { return func(View, *Event) error { return err } }
