package chat

// minShare is how many chats of a user one other person may make at least.
const minShare = 100

// ChatLimit returns a rule for joined drafts that keeps every user in at most limit
// chats; 0 is no bound. It refuses drafts that would add a user to more. So that one
// person cannot fill the list of another, chats that one maker made are at most a
// quarter of the limit, or minShare: beyond that this maker cannot add the user, while
// others can. field is the name of the user in the caller's input.
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
				return FailField(Conflict, field, "you are in %d chats, the most allowed: leave one first", n)
			case n >= limit:
				return FailField(Conflict, field, "%s is in %d chats, the most allowed", u, n)
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
				return FailField(Conflict, field, "%s is in %d chats that you created, the most allowed", u, made[u])
			}
		}
		return nil
	}
}

// All returns a rule that applies each of the rules in turn and returns the first error.
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

// Refuse returns a rule that returns the error.
func Refuse(err error) Rule { return func(View, *Event) error { return err } }
