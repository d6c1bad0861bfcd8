package service

import (
	"context"

	"parley/chat"
)

// settings are the operations on a user's own settings.
type settings struct{ *core }

// SetMine changes the caller's settings of a chat, and signals them to the caller's own
// sessions. The signal may be lost.
func (s settings) SetMine(ctx context.Context, caller Caller, id chat.ChatID, p chat.MinePatch) (chat.Mine, error) {
	if err := p.Check(); err != nil {
		return chat.Mine{}, err
	}
	mine, err := s.PatchMine(ctx, id, caller.User.ID, p)
	if err == nil {
		_ = s.Tell(ctx, chat.Signal{Kind: chat.SignalMine, ChatID: id, By: caller.User.ID})
	}
	return mine, err
}

// SetSettings changes the caller's settings for all chats, and signals them as SetMine does.
func (s settings) SetSettings(ctx context.Context, caller Caller, p chat.SettingsPatch) (chat.Settings, error) {
	changed, err := s.PatchSettings(ctx, caller.User.ID, p)
	if err == nil {
		_ = s.Tell(ctx, chat.Signal{Kind: chat.SignalSettings, By: caller.User.ID})
	}
	return changed, err
}
