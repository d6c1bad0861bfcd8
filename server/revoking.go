package server

import (
	"context"
	"slices"

	"parley/chat"
)

// What follows ends access in the store, or knows who lost it: it looks at what
// the store could not save yet (revocations).

// identify is [chat.Sessions].Identify as the store says now.
func (m *memory) identify(ctx context.Context, tokenHash [32]byte) (chat.User, chat.Session, error) {
	user, session, err := m.Store.Identify(ctx, tokenHash)
	if err == nil && m.revocations.ended(user.ID, session.ID, session.CreatedAt) {
		return chat.User{}, chat.Session{}, chat.SessionEnded()
	}
	if err == nil && m.revocations.get(revocation{user: user.ID, role: true}) != nil {
		user.Role = chat.RoleMember
	}
	return user, session, err
}

// CreateSession is [chat.Sessions].CreateSession.
func (m *memory) CreateSession(ctx context.Context, user chat.UserID, n chat.NewSession) (chat.Session, error) {
	if m.revocations.get(revocation{user: user}) != nil {
		return chat.Session{}, chat.SessionEnded()
	}
	return m.Store.CreateSession(ctx, user, n)
}

// PatchUser is [chat.People].PatchUser.
func (m *memory) PatchUser(ctx context.Context, id chat.UserID, p chat.UserPatch) (u chat.User, err error) {
	defer m.forget()
	patch := func() error {
		u, err = m.Store.PatchUser(ctx, id, p)
		return err
	}
	var off chat.UserPatch // of what p takes away, to be tried again
	switch {
	case p.Active != nil && *p.Active:
		err = m.revocations.lift(revocation{user: id}, patch)
		return u, err
	case p.Role != nil && *p.Role == chat.RoleAdmin:
		err = m.revocations.lift(revocation{user: id, role: true}, patch)
		return u, err
	case p.Active != nil:
		off.Active = p.Active
	case p.Role != nil:
		off.Role = p.Role
	case p.PasswordHash != nil:
		err = m.revocations.settle(patch(), revocation{user: id, others: true}, unsaved{by: id, keep: p.Keep,
			save: func(ctx context.Context) error { return m.endOthers(ctx, id, p.Keep) }})
		return u, err
	default:
		err = patch()
		return u, err
	}
	err = m.revocations.settle(patch(), revocation{user: id, role: off.Role != nil}, unsaved{by: id, save: func(ctx context.Context) error {
		defer m.forget()
		_, err := m.Store.PatchUser(ctx, id, off)
		return err
	}})
	return u, err
}

// EndSession is [chat.Sessions].EndSession.
func (m *memory) EndSession(ctx context.Context, user chat.UserID, id chat.SessionID) error {
	save := func(ctx context.Context) error {
		defer m.forget()
		return m.Store.EndSession(ctx, user, id)
	}
	return m.revocations.settle(save(ctx), revocation{user: user, session: id}, unsaved{by: user, save: save})
}

// EndOthers is [chat.Sessions].EndOthers.
func (m *memory) EndOthers(ctx context.Context, user chat.UserID, keep chat.SessionID) error {
	save := func(ctx context.Context) error { return m.endOthers(ctx, user, keep) }
	return m.revocations.settle(save(ctx), revocation{user: user, others: true}, unsaved{by: user, keep: keep, save: save})
}

func (m *memory) endOthers(ctx context.Context, user chat.UserID, keep chat.SessionID) error {
	defer m.forget()
	return m.Store.EndOthers(ctx, user, keep)
}

// UseRecovery is [chat.Invites].UseRecovery, which ends sessions.
func (m *memory) UseRecovery(ctx context.Context, codeHash [32]byte, passwordHash string, n chat.NewSession) (chat.User, chat.Session, error) {
	defer m.forget()
	return m.Store.UseRecovery(ctx, codeHash, passwordHash, n)
}

// left fails like the store for somebody who is no member.
func (m *memory) left(user chat.UserID, id chat.ChatID) error {
	if m.revocations.left(user, id) {
		return chat.FailField(chat.NotFound, "chatId", "there is no such chat")
	}
	return nil
}

// After is [chat.Log].After.
func (m *memory) After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) ([]chat.Event, chat.Seq, error) {
	if err := m.left(viewer, id); err != nil {
		return nil, 0, err
	}
	return m.Store.After(ctx, viewer, id, seen, limit, maxBytes)
}

// Page is [chat.Log].Page.
func (m *memory) Page(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (chat.Page, error) {
	if err := m.left(viewer, id); err != nil {
		return chat.Page{}, err
	}
	return m.Store.Page(ctx, viewer, id, w)
}

// Message is [chat.Log].Message.
func (m *memory) Message(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq chat.Seq) (chat.Message, error) {
	if err := m.left(viewer, id); err != nil {
		return chat.Message{}, err
	}
	return m.Store.Message(ctx, viewer, id, seq)
}

// Chat is [chat.Chats].Chat.
func (m *memory) Chat(ctx context.Context, viewer chat.UserID, id chat.ChatID) (chat.Chat, error) {
	if err := m.left(viewer, id); err != nil {
		return chat.Chat{}, err
	}
	return m.Store.Chat(ctx, viewer, id)
}

// ChatsOf is [chat.Chats].ChatsOf.
func (m *memory) ChatsOf(ctx context.Context, user chat.UserID, list chat.ChatList) ([]chat.Chat, error) {
	chats, err := m.Store.ChatsOf(ctx, user, list)
	if m.revocations.n.Load() > 0 {
		chats = slices.DeleteFunc(chats, func(c chat.Chat) bool { return m.revocations.left(user, c.ID) })
	}
	return chats, err
}

// ChatIDs is [chat.Chats].ChatIDs.
func (m *memory) ChatIDs(ctx context.Context, user chat.UserID) ([]chat.ChatID, error) {
	ids, err := m.Store.ChatIDs(ctx, user)
	if m.revocations.n.Load() > 0 {
		ids = slices.DeleteFunc(ids, func(id chat.ChatID) bool { return m.revocations.left(user, id) })
	}
	return ids, err
}

// Members is [chat.Chats].Members.
func (m *memory) Members(ctx context.Context, viewer chat.UserID, id chat.ChatID, after chat.UserID, limit int) ([]chat.Member, error) {
	if err := m.left(viewer, id); err != nil {
		return nil, err
	}
	return m.Store.Members(ctx, viewer, id, after, limit)
}

// MarkRead is [chat.Chats].MarkRead.
func (m *memory) MarkRead(ctx context.Context, id chat.ChatID, user chat.UserID, seq chat.Seq) (chat.Seq, bool, error) {
	if err := m.left(user, id); err != nil {
		return 0, false, err
	}
	return m.Store.MarkRead(ctx, id, user, seq)
}

// Append is [chat.Log].Append.
func (m *memory) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done func(ev chat.Event, again bool, err error)) error {
	if draft.Kind != chat.Joined && draft.Kind != chat.Left {
		if err := m.left(draft.By, draft.ChatID); err != nil {
			return err
		}
	}
	return m.Store.Append(ctx, draft, rule, done)
}
