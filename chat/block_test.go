package chat

import "testing"

func TestBlocks(t *testing.T) {
	outcome(t, "a user", CheckBlock("ann", User{ID: "bob"}, MaxBlocks-1), "", "")
	outcome(t, "an unknown user", CheckBlock("ann", User{}, 0), NotFound, "userId")
	outcome(t, "oneself", CheckBlock("ann", User{ID: "ann"}, 0), BadInput, "userId")
	outcome(t, "one too many", CheckBlock("ann", User{ID: "bob"}, MaxBlocks), Conflict, "userId")
	blocks := func(change ...func(*room)) room {
		return with(func(r *room) {
			r.blocks = map[UserID]UserID{"ann": "bob"} // ann blocked bob
			for _, f := range change {
				f(r)
			}
		})
	}
	joins := func(kind Kind, by UserID, users ...UserID) *Event { return &Event{Kind: kind, By: by, Users: users} }
	outcome(t, "the blocked one adds", NotBlocked("f")(blocks(), joins(Joined, "bob", "bob", "cleo", "ann")), Forbidden, "f")
	outcome(t, "the blocked one adds others", NotBlocked("f")(blocks(), joins(Joined, "bob", "cleo")), "", "")
	outcome(t, "the other one adds", NotBlocked("f")(blocks(), joins(Joined, "ann", "ann", "bob")), "", "")
	outcome(t, "the blocked one joins", NotBlocked("f")(blocks(), joins(Joined, "bob", "bob")), "", "")
	outcome(t, "a role", NotBlocked("f")(blocks(), joins(RoleChanged, "bob", "ann")), "", "")
	outcome(t, "a direct chat", NotBlocked("f")(blocks(direct), joins(Joined, "bob", "bob", "ann")), Forbidden, "f")
	outcome(t, "a direct chat of the other one", NotBlocked("f")(blocks(direct), joins(Joined, "ann", "ann", "bob")), Conflict, "f")
	outcome(t, "no one is blocked", NotBlocked("f")(with(direct), joins(Joined, "bob", "bob", "ann")), "", "")

	silent := blocks(direct, func(r *room) { r.silenced = true })
	for _, by := range []UserID{"ann", "bob"} {
		target := map[UserID]Seq{"ann": 1, "bob": 2}[by]
		outcome(t, "a post", Post(silent, &Event{By: by}), Forbidden, "")
		outcome(t, "an edit", Edit(silent, &Event{By: by, Target: target, Text: "x"}), Forbidden, "")
		outcome(t, "a reaction", React(silent, &Event{By: by, Target: 2, Emoji: "👍", On: on(true)}), Forbidden, "")
		outcome(t, "a deletion", Delete(silent, &Event{By: by, Target: target}), "", "")
	}
	outcome(t, "a stranger", Post(silent, &Event{By: "dan"}), NotFound, "chatId")
}
