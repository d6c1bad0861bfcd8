package chat

import "parley/textrule"

// GroupMention is how a text mentions all members of a group. It is stored with the message
// and not expanded to the members.
type GroupMention string

const (
	MentionAll  GroupMention = textrule.All
	MentionHere GroupMention = textrule.Here // those who are online; counts leave it out
)

// GroupMentions is who may mention all members of a group.
type GroupMentions string

const (
	ByEveryone GroupMentions = "everyone"
	ByAdmins   GroupMentions = "admins"
)

// CheckGroupMentions refuses anything but the two values.
func CheckGroupMentions(g GroupMentions) error {
	if g != ByEveryone && g != ByAdmins {
		return FailField(BadInput, "groupMentions", "groupMentions must be everyone or admins")
	}
	return nil
}

// mentionsAll returns how a text of the user mentions all members of the group. The words of
// a user who may not do so are text like any other, as they are in a direct chat.
func mentionsAll(v View, by UserID, text string) GroupMention {
	word := textrule.GroupMention(text)
	if word == "" {
		return ""
	}
	c := v.Chat()
	if c.Kind != Group {
		return ""
	}
	if c.GroupMentions == ByAdmins {
		if role, _ := v.Member(by); role != RoleAdmin {
			return ""
		}
	}
	return GroupMention(word)
}

// mentioned returns the members that the text mentions (textrule.Mentions), at most
// MaxMentions. At most MaxHandles handles are looked up, all at once: nothing of a real
// message is left out, and no text keeps the writer busy.
func mentioned(v View, text string) (users []UserID) {
	places := textrule.Mentions(text)
	if len(places) == 0 {
		return nil
	}
	var handles []string
	byHandle := map[string]User{}
	for _, place := range places {
		for _, h := range place {
			if _, known := byHandle[h]; !known && len(handles) < MaxHandles {
				byHandle[h] = User{}
				handles = append(handles, h)
			}
		}
	}
	for _, u := range v.UsersByHandle(handles) {
		byHandle[u.Handle] = u
	}
	for _, place := range places {
		for _, h := range place {
			u := byHandle[h]
			if u.ID == "" {
				continue
			}
			if _, in := v.Member(u.ID); in && !contains(users, u.ID) {
				users = append(users, u.ID)
			}
			break
		}
		if len(users) == MaxMentions {
			break
		}
	}
	return users
}

// ConcernedBy returns the users that a message by another one mentions or replies to: their
// MentionsOf has it. repliesTo is the author of the message that it replies to, ""
// for none.
func ConcernedBy(by UserID, mentions []UserID, repliesTo UserID) (users []UserID) {
	for _, u := range mentions {
		if u != by {
			users = append(users, u)
		}
	}
	if repliesTo != "" && repliesTo != by && !contains(users, repliesTo) {
		users = append(users, repliesTo)
	}
	return users
}
