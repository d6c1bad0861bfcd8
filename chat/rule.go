package chat

import (
	"cmp"

	"parley/textrule"
)

// View is what a Rule may read of the projections at the head that its event extends.
// If a read fails, the View returns zero values, and the store discards what the rule
// returns.
type View interface {
	// Chat returns the chat, without the fields of one member; the zero Chat if it was
	// deleted.
	Chat() Chat
	// Admins returns the number of active users who are admins of the chat.
	Admins() int
	// Oldest returns the active member who joined first; ok is false if there is none.
	Oldest() (u UserID, ok bool)
	// Member returns a user's role in the chat; ok reports whether they are a member. A
	// chat that was deleted has none.
	Member(UserID) (role Role, ok bool)
	// Members returns at most limit members, also of a chat that was deleted.
	Members(limit int) []UserID
	// Blocked reports whether one of the users by blocked the user.
	Blocked(user UserID, by []UserID) bool
	// Silenced reports whether the chat is a direct one in which one user blocked the
	// other.
	Silenced() bool
	// Message returns the message posted with that number, its reactions in full.
	Message(Seq) (m Message, ok bool)
	// Pins returns the number of pinned messages of the chat.
	Pins() int
	// User returns an account.
	User(UserID) (u User, ok bool)
	// UsersByHandle returns the accounts that have one of the handles, in no order.
	UsersByHandle([]string) []User
	// File returns the record of a file or upload.
	File(FileID) (u Upload, ok bool)
	// ChatsOf returns the number of chats of each of the users. Only this chat's log
	// is judged in order: events that are committed to other chats at the same
	// moment may be missing, so a bound may be exceeded by a few.
	ChatsOf([]UserID) map[UserID]int
	// ChatsMadeBy is ChatsOf, counting only the chats that maker made.
	ChatsMadeBy(maker UserID, of []UserID) map[UserID]int
}

// Rule judges a draft at the head of its chat's log and may complete it. It is
// pure: it reads the View and the draft alone, and may be called again for the
// same draft at a newer head. It returns ErrNoChange if the draft would change
// nothing. The store finds known clientIds; rules need not.
type Rule func(View, *Event) error

// Post is the rule of posted drafts: the author is a member, and has uploaded the files to
// this chat, wholly, and no message has them. The reply's target must be a message of the
// chat; mentions are the members that the text names.
func Post(v View, e *Event) error {
	if err := mayWrite(v, e.By); err != nil {
		return err
	}
	if err := fillFiles(v, e); err != nil {
		return err
	}
	e.Mentions, e.MentionsAll = mentioned(v, e.Text), mentionsAll(v, e.By, e.Text)
	if e.Reply == nil {
		return nil
	}
	m, ok := v.Message(e.Reply.Seq)
	if !ok {
		return FailField(NotFound, "replyTo", "there is no message %d to reply to", e.Reply.Seq)
	}
	e.Reply, e.Root = QuoteOf(m), cmp.Or(m.Root, m.Seq)
	return nil
}

// Edit is the rule of edited drafts: only the author edits a message, and never after a
// deletion.
func Edit(v View, e *Event) error {
	if err := mayWrite(v, e.By); err != nil {
		return err
	}
	m, err := target(v, e)
	if err != nil {
		return err
	}
	switch {
	case m.By != e.By:
		return Fail(NotAuthor, "only its author can edit a message")
	case m.DeletedAt != 0:
		return FailField(Conflict, "target", "message %d was deleted", e.Target)
	case e.Text == "": // an edited event without a text says that the message was deleted
		return FailField(BadInput, "text", "text must not be empty")
	case m.Text == e.Text:
		return ErrNoChange
	}
	e.Mentions, e.MentionsAll = mentioned(v, e.Text), mentionsAll(v, e.By, e.Text)
	return nil
}

// Delete is the rule of deleted drafts: the author or an admin of a group deletes a
// message.
func Delete(v View, e *Event) error {
	m, err := target(v, e)
	if err != nil {
		return err
	}
	if role, _ := v.Member(e.By); m.By != e.By && (role != RoleAdmin || v.Chat().Kind == Direct) {
		return Fail(NotAuthor, "only its author or an admin of the chat can delete a message")
	}
	if m.DeletedAt != 0 {
		return ErrNoChange
	}
	return nil
}

// React is the rule of reacted drafts: any member reacts to a message that was not
// deleted and has fewer than MaxReactEmoji different emoji and MaxReactions in all.
func React(v View, e *Event) error {
	if err := mayWrite(v, e.By); err != nil {
		return err
	}
	m, err := target(v, e)
	if err != nil {
		return err
	}
	if m.DeletedAt != 0 {
		return FailField(Conflict, "target", "message %d was deleted", e.Target)
	}
	draft := e.Emoji
	has, known, all := false, false, 0
	for _, r := range m.Reactions {
		all += len(r.By)
		// Earlier versions stored an emoji in any of its forms. It keeps that form on this
		// message, so that it is not counted as two.
		if full, _ := textrule.Emoji(r.Emoji); r.Emoji != draft && full != draft {
			continue
		}
		if in := contains(r.By, e.By); in || !known {
			known, has, e.Emoji = true, in, r.Emoji
		}
	}
	if has == *e.On {
		return ErrNoChange
	}
	switch {
	case *e.On && !known && len(m.Reactions) >= MaxReactEmoji:
		return FailField(Conflict, "emoji", "the message has %d different emoji already", MaxReactEmoji)
	case *e.On && all >= MaxReactions:
		return FailField(Conflict, "emoji", "the message has %d reactions already", MaxReactions)
	}
	return nil
}

// Join is the rule of joined drafts: a member of a group adds others as members, and
// any user joins an open group by themselves, as its admin if it has none. Users who are
// members already are dropped from the draft. A join by invite does not use this rule.
func Join(v View, e *Event) error {
	c := v.Chat()
	_, in := v.Member(e.By)
	alone := len(e.Users) == 1 && e.Users[0] == e.By
	switch {
	case !in && !c.Open:
		return NoChat()
	case c.Kind == Direct:
		return Fail(Forbidden, "members cannot be added to a direct chat")
	case !in && !alone:
		return Fail(Forbidden, "join the chat before adding others")
	}
	var fresh []UserID
	for _, u := range e.Users {
		if _, ok := v.Member(u); ok || contains(fresh, u) {
			continue
		}
		if x, ok := v.User(u); !ok || !x.Active {
			return FailField(NotFound, "userId", "there is no active user %s", u)
		}
		fresh = append(fresh, u)
	}
	if len(fresh) == 0 {
		return ErrNoChange
	}
	e.Users, e.Role = fresh, RoleMember
	if !in && v.Admins() == 0 {
		e.Role = RoleAdmin
	}
	return nil
}

// PutMember is Join with a role. A user who is a member already gets the role as by
// SetRole, and the event is of kind RoleChanged. Only an admin adds an admin; an admin of
// the server becomes admin of any group by themselves.
func PutMember(v View, e *Event) error {
	if mayTakeCharge(v, e) {
		return takeCharge(v, e)
	}
	_, in := v.Member(e.By)
	if _, there := v.Member(e.Users[0]); in && there {
		e.Kind = RoleChanged
		return SetRole(v, e)
	}
	role := e.Role
	if err := Join(v, e); err != nil {
		return err
	}
	if e.Role == RoleAdmin { // of a chat without one
		return nil
	}
	if mine, _ := v.Member(e.By); role == RoleAdmin && mine != RoleAdmin {
		return Fail(Forbidden, "only an admin of the chat can change roles")
	}
	e.Role = role
	return nil
}

// Leave is the rule of left drafts: members leave, and admins remove others. After the last
// admin Succession makes another one; a direct chat is never left.
func Leave(v View, e *Event) error {
	if err := isMember(v, e.By); err != nil {
		return err
	}
	if v.Chat().Kind == Direct {
		return Fail(Forbidden, "a direct chat cannot be left")
	}
	u := e.Users[0]
	_, in := v.Member(u)
	if u != e.By {
		if mine, _ := v.Member(e.By); mine != RoleAdmin {
			return Fail(Forbidden, "only an admin of the chat can remove members")
		}
		e.Reason = "removed"
	}
	if !in {
		return FailField(NotFound, "userId", "%s is not a member", u)
	}
	return nil
}

// SetRole is the rule of role drafts: an admin of a group sets the role of a member, and
// the last admin stays one.
func SetRole(v View, e *Event) error {
	if err := isMember(v, e.By); err != nil {
		return err
	}
	if mine, _ := v.Member(e.By); mine != RoleAdmin || v.Chat().Kind == Direct {
		return Fail(Forbidden, "only an admin of the chat can change roles")
	}
	role, in := v.Member(e.Users[0])
	switch {
	case !in:
		return FailField(NotFound, "userId", "%s is not a member", e.Users[0])
	case role == e.Role:
		return ErrNoChange
	case role == RoleAdmin && isLastAdmin(v, e.Users[0]):
		return Fail(LastOwner, "make someone else an admin of the chat first")
	}
	return nil
}

// Rename is the rule of renamed drafts: an admin changes the title, topic or picture of a
// group, or who may mention all members. An empty field stays as it is; the event has all,
// and which are new.
func Rename(v View, e *Event) error {
	if err := isMember(v, e.By); err != nil {
		return err
	}
	c := v.Chat()
	if mine, _ := v.Member(e.By); mine != RoleAdmin || c.Kind == Direct {
		return Fail(Forbidden, "only an admin of the chat can change it")
	}
	if e.Title == nil {
		e.Title = &c.Title
	}
	if e.Topic == nil {
		e.Topic = &c.Topic
	}
	e.GroupMentions = cmp.Or(e.GroupMentions, c.GroupMentions)
	if e.Picture == nil {
		e.Picture = &c.Picture
	}
	e.Changed = changed(c, e)
	switch {
	case *e.Picture != c.Picture && *e.Picture != "":
		u, _ := v.File(*e.Picture)
		return CheckPicture(u, e.By)
	case len(e.Changed) == 0:
		return ErrNoChange
	}
	return nil
}

// changed returns the fields of the chat that a complete renamed event changes.
func changed(c Chat, e *Event) (fields []string) {
	for _, f := range []struct {
		name string
		is   bool
	}{
		{"title", *e.Title != c.Title}, {"topic", *e.Topic != c.Topic}, {"picture", *e.Picture != c.Picture}, {"groupMentions", e.GroupMentions != c.GroupMentions},
	} {
		if f.is {
			fields = append(fields, f.name)
		}
	}
	return fields
}

// QuoteOf returns the quote of a message; that of a deleted one has no text and no files.
func QuoteOf(m Message) *Quote {
	q := &Quote{Seq: m.Seq, By: m.By, Text: Cut(m.Text, MaxQuote)}
	if q.Text == "" {
		q.Files = len(m.Files)
	}
	return q
}

// fillFiles completes the files of a posted draft. It does not change the draft's list,
// since the rule may be called again.
func fillFiles(v View, e *Event) error {
	if len(e.Files) == 0 {
		return nil
	}
	files := make([]File, 0, len(e.Files))
	for _, f := range e.Files {
		u, ok := v.File(f.ID)
		switch {
		case !ok || u.By != e.By || u.ChatID != e.ChatID:
			return FailField(BadInput, "files", "%s is not a file that you uploaded to this chat", f.ID)
		case !u.Complete:
			return FailField(Conflict, "files", "the upload of %s is not complete", f.ID)
		case u.Message != 0:
			return FailField(Conflict, "files", "a message has the file %s already", f.ID)
		}
		u.Alt = f.Alt
		files = append(files, u.File)
	}
	e.Files = files
	return nil
}

// CheckFiles refuses a list of files that no message may have, whatever they are.
func CheckFiles(files []FileID) error {
	if len(files) > MaxFiles {
		return FailField(BadInput, "files", "a message has at most %d files", MaxFiles)
	}
	for i, id := range files {
		if err := CheckID("files", id); err != nil {
			return err
		}
		if contains(files[:i], id) {
			return FailField(BadInput, "files", "%s is there twice", id)
		}
	}
	return nil
}

// target returns the message that the draft is about.
func target(v View, e *Event) (Message, error) {
	if err := isMember(v, e.By); err != nil {
		return Message{}, err
	}
	m, ok := v.Message(e.Target)
	if !ok {
		return m, NoMessage("target", e.Target)
	}
	return m, nil
}

// isMember refuses users who are not members as if there were no chat: not_found, never
// forbidden.
func isMember(v View, u UserID) error {
	if _, ok := v.Member(u); !ok {
		return NoChat()
	}
	return nil
}

// NoChat is the error for a user who may not see a chat, whether it exists or not.
func NoChat() error { return FailField(NotFound, "chatId", "there is no such chat") }
