package service

import "parley/chat"

// The topics of the hub. A chat's topic is its id, and the only kind whose values
// have numbers.

// UserTopic is the topic of a user's own devices.
func UserTopic(u chat.UserID) string { return "user:" + string(u) }

// FocusTopic is the topic of the sessions that show a chat.
func FocusTopic(id chat.ChatID) string { return "focus:" + string(id) }

// PresenceTopic is the topic of the sessions that are told whether u is online.
func PresenceTopic(u chat.UserID) string { return "presence:" + string(u) }

// PollOwner is the owner in the hub of a user's waiting calls. It is not the user: these
// calls do not count as sockets or for presence.
func PollOwner(u chat.UserID) string { return "poll:" + string(u) }
