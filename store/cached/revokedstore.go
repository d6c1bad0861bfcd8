package cached

import (
	"context"
	"maps"
	"slices"

	"parley/chat"
)

// The methods in this file end access, or read what a user may have lost access to. They
// respect revocations that the store could not save yet.

// IdentifyNow is [chat.Sessions].Identify without the cache.
func (s *Store) IdentifyNow(ctx context.Context, tokenHash [32]byte) (chat.User, chat.Session, error) {
	user, session, err := s.Store.Identify(ctx, tokenHash)
	if err == nil && s.revocations.revoked(user.ID, session.ID, session.CreatedAt) {
		return chat.User{}, chat.Session{}, chat.SessionEnded()
	}
	if err == nil && s.revocations.get(Revocation{User: user.ID, Role: true}) != nil {
		user.Role = chat.RoleMember
	}
	return user, session, err
}

// Revoked reports whether a session that began at a time, or its user, was revoked and
// that is not saved yet.
func (s *Store) Revoked(user chat.UserID, id chat.SessionID, began int64) bool {
	return s.revocations.revoked(user, id, began)
}

// RevertRemoval calls add, which makes the user a member of the chat. If it succeeds, a
// removal that is not saved yet is dropped.
func (s *Store) RevertRemoval(user chat.UserID, id chat.ChatID, add func() error) error {
	return s.revocations.revert(Revocation{User: user, Chat: id}, add)
}

// EnforceRemoval takes the error of removing the user from the chat, which by asked for.
// If the store failed, the removal takes effect on this server, and remove is called until
// it succeeds or the store refuses. It returns the error for the caller.
func (s *Store) EnforceRemoval(err error, by, user chat.UserID, id chat.ChatID, remove func(context.Context) error) error {
	return s.revocations.enforceIfUnsaved(err, Revocation{User: user, Chat: id}, unsaved{by: by, save: remove})
}

// AcceptInvite is [chat.Invites].AcceptInvite.
func (s *Store) AcceptInvite(ctx context.Context, codeHash [32]byte, user chat.UserID, rule chat.Rule) (chat.ChatID, error) {
	id, err := s.Store.AcceptInvite(ctx, codeHash, user, rule)
	if err == nil {
		s.revocations.remove(Revocation{User: user, Chat: id})
	}
	return id, err
}

// CreateSession is [chat.Sessions].CreateSession.
func (s *Store) CreateSession(ctx context.Context, user chat.UserID, n chat.NewSession) (chat.Session, error) {
	if s.revocations.get(Revocation{User: user}) != nil {
		return chat.Session{}, chat.SessionEnded()
	}
	defer s.clearIfReplaced(n)
	return s.Store.CreateSession(ctx, user, n)
}

// CreateAccount is [chat.People].CreateAccount.
func (s *Store) CreateAccount(ctx context.Context, n chat.NewAccount) (chat.User, chat.Session, error) {
	defer s.clearIfReplaced(n.Session)
	return s.Store.CreateAccount(ctx, n)
}

// clearIfReplaced clears the cache if a session ends with the sign-in.
func (s *Store) clearIfReplaced(n chat.NewSession) {
	if n.Replaces != "" {
		s.Clear()
	}
}

// PatchUser is [chat.People].PatchUser.
func (s *Store) PatchUser(ctx context.Context, id chat.UserID, p chat.UserPatch) (u chat.User, err error) {
	defer s.Clear()
	patch := func() error {
		u, err = s.Store.PatchUser(ctx, id, p)
		return err
	}
	var off chat.UserPatch // the part of p that ends access, for retries
	switch {
	case p.Active != nil && *p.Active:
		err = s.revocations.revert(Revocation{User: id}, patch)
		return u, err
	case p.Role != nil && *p.Role == chat.RoleAdmin:
		err = s.revocations.revert(Revocation{User: id, Role: true}, patch)
		return u, err
	case p.Active != nil:
		off.Active = p.Active
	case p.Role != nil:
		off.Role = p.Role
	case p.PasswordHash != nil:
		err = s.revocations.enforceIfUnsaved(patch(), Revocation{User: id, others: true}, unsaved{by: id, keep: p.Keep,
			save: func(ctx context.Context) error { return s.endOthers(ctx, id, p.Keep) }})
		return u, err
	default:
		err = patch()
		return u, err
	}
	err = s.revocations.enforceIfUnsaved(patch(), Revocation{User: id, Role: off.Role != nil}, unsaved{by: id, save: func(ctx context.Context) error {
		defer s.Clear()
		_, err := s.Store.PatchUser(ctx, id, off)
		return err
	}})
	return u, err
}

// EndSession is [chat.Sessions].EndSession.
func (s *Store) EndSession(ctx context.Context, user chat.UserID, id chat.SessionID) error {
	save := func(ctx context.Context) error {
		defer s.Clear()
		return s.Store.EndSession(ctx, user, id)
	}
	return s.revocations.enforceIfUnsaved(save(ctx), Revocation{User: user, session: id}, unsaved{by: user, save: save})
}

// EndOthers is [chat.Sessions].EndOthers.
func (s *Store) EndOthers(ctx context.Context, user chat.UserID, keep chat.SessionID) error {
	save := func(ctx context.Context) error { return s.endOthers(ctx, user, keep) }
	return s.revocations.enforceIfUnsaved(save(ctx), Revocation{User: user, others: true}, unsaved{by: user, keep: keep, save: save})
}

func (s *Store) endOthers(ctx context.Context, user chat.UserID, keep chat.SessionID) error {
	defer s.Clear()
	return s.Store.EndOthers(ctx, user, keep)
}

// PeekRecovery is [chat.Invites].PeekRecovery.
func (s *Store) PeekRecovery(ctx context.Context, codeHash [32]byte) (chat.UserID, error) {
	id, err := s.Store.PeekRecovery(ctx, codeHash)
	if err == nil && s.revocations.get(Revocation{User: id}) != nil {
		return "", chat.RecoveryView{}.CheckUse(0) // deactivated, which ends the code
	}
	return id, err
}

// UseRecovery is [chat.Invites].UseRecovery, which ends sessions.
func (s *Store) UseRecovery(ctx context.Context, codeHash [32]byte, passwordHash string, n chat.NewSession) (chat.User, chat.Session, error) {
	defer s.Clear()
	return s.Store.UseRecovery(ctx, codeHash, passwordHash, n)
}

// checkMember returns not_found if the user was removed from the chat.
func (s *Store) checkMember(user chat.UserID, id chat.ChatID) error {
	if s.revocations.removed(user, id) {
		return chat.NoChat()
	}
	return nil
}

// After is [chat.Log].After.
func (s *Store) After(ctx context.Context, viewer chat.UserID, id chat.ChatID, seen chat.Seq, limit, maxBytes int) ([]chat.Event, chat.Seq, error) {
	if err := s.checkMember(viewer, id); err != nil {
		return nil, 0, err
	}
	return s.Store.After(ctx, viewer, id, seen, limit, maxBytes)
}

// Page is [chat.Log].Page.
func (s *Store) Page(ctx context.Context, viewer chat.UserID, id chat.ChatID, w chat.Window) (chat.Page, error) {
	if err := s.checkMember(viewer, id); err != nil {
		return chat.Page{}, err
	}
	return s.Store.Page(ctx, viewer, id, w)
}

// Message is [chat.Log].Message.
func (s *Store) Message(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq chat.Seq) (chat.Message, error) {
	if err := s.checkMember(viewer, id); err != nil {
		return chat.Message{}, err
	}
	return s.Store.Message(ctx, viewer, id, seq)
}

// Messages is [chat.Log].Messages.
func (s *Store) Messages(ctx context.Context, viewer chat.UserID, places []chat.MessagePlace) ([]chat.Message, error) {
	list, err := s.Store.Messages(ctx, viewer, places)
	if s.revocations.n.Load() > 0 {
		list = slices.DeleteFunc(list, func(m chat.Message) bool { return s.revocations.removed(viewer, m.ChatID) })
	}
	return list, err
}

// Pins is [chat.Log].Pins.
func (s *Store) Pins(ctx context.Context, viewer chat.UserID, id chat.ChatID) ([]chat.Message, error) {
	if err := s.checkMember(viewer, id); err != nil {
		return nil, err
	}
	return s.Store.Pins(ctx, viewer, id)
}

// Thread is [chat.Log].Thread.
func (s *Store) Thread(ctx context.Context, viewer chat.UserID, id chat.ChatID, seq, after chat.Seq, limit int) (chat.Page, error) {
	if err := s.checkMember(viewer, id); err != nil {
		return chat.Page{}, err
	}
	return s.Store.Thread(ctx, viewer, id, seq, after, limit)
}

// MentionsOf is [chat.Log].MentionsOf.
func (s *Store) MentionsOf(ctx context.Context, user chat.UserID, below chat.MentionPlace, limit int) ([]chat.Message, error) {
	list, err := s.Store.MentionsOf(ctx, user, below, limit)
	if s.revocations.n.Load() > 0 {
		list = slices.DeleteFunc(list, func(m chat.Message) bool { return s.revocations.removed(user, m.ChatID) })
	}
	return list, err
}

// Chat is [chat.Chats].Chat.
func (s *Store) Chat(ctx context.Context, viewer chat.UserID, id chat.ChatID) (chat.Chat, error) {
	if err := s.checkMember(viewer, id); err != nil {
		return chat.Chat{}, err
	}
	return s.Store.Chat(ctx, viewer, id)
}

// ChatsOf is [chat.Chats].ChatsOf.
func (s *Store) ChatsOf(ctx context.Context, user chat.UserID, list chat.ChatList) ([]chat.Chat, error) {
	chats, err := s.Store.ChatsOf(ctx, user, list)
	if s.revocations.n.Load() > 0 {
		chats = slices.DeleteFunc(chats, func(c chat.Chat) bool { return s.revocations.removed(user, c.ID) })
	}
	return chats, err
}

// Unread is [chat.Chats].Unread.
func (s *Store) Unread(ctx context.Context, user chat.UserID) (map[chat.ChatID]int, error) {
	unread, err := s.Store.Unread(ctx, user)
	if s.revocations.n.Load() > 0 {
		maps.DeleteFunc(unread, func(id chat.ChatID, _ int) bool { return s.revocations.removed(user, id) })
	}
	return unread, err
}

// ChatIDs is [chat.Chats].ChatIDs.
func (s *Store) ChatIDs(ctx context.Context, user chat.UserID) ([]chat.ChatID, error) {
	ids, err := s.Store.ChatIDs(ctx, user)
	if s.revocations.n.Load() > 0 {
		ids = slices.DeleteFunc(ids, func(id chat.ChatID) bool { return s.revocations.removed(user, id) })
	}
	return ids, err
}

// Members is [chat.Chats].Members.
func (s *Store) Members(ctx context.Context, viewer chat.UserID, id chat.ChatID, after chat.UserID, limit int) ([]chat.Member, error) {
	if err := s.checkMember(viewer, id); err != nil {
		return nil, err
	}
	return s.Store.Members(ctx, viewer, id, after, limit)
}

// MarkRead is [chat.Chats].MarkRead.
func (s *Store) MarkRead(ctx context.Context, id chat.ChatID, user chat.UserID, seq chat.Seq) (chat.Seq, bool, error) {
	if err := s.checkMember(user, id); err != nil {
		return 0, false, err
	}
	return s.Store.MarkRead(ctx, id, user, seq)
}

// PatchMine is [chat.Chats].PatchMine.
func (s *Store) PatchMine(ctx context.Context, id chat.ChatID, user chat.UserID, p chat.MinePatch) (chat.Mine, error) {
	if err := s.checkMember(user, id); err != nil {
		return chat.Mine{}, err
	}
	return s.Store.PatchMine(ctx, id, user, p)
}

// Append is [chat.Log].Append.
func (s *Store) Append(ctx context.Context, draft chat.Event, rule chat.Rule, done func(ev chat.Event, again bool, err error)) error {
	if draft.Kind != chat.Joined && draft.Kind != chat.Left {
		if err := s.checkMember(draft.By, draft.ChatID); err != nil {
			return err
		}
	}
	return s.Store.Append(ctx, draft, rule, done)
}
