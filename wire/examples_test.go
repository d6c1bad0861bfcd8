package wire

import "parley/chat"

// The users, chats and times of all examples.
const (
	ann     = chat.UserID("-OLkfm9dZ1qV3x0A")
	bob     = chat.UserID("-OLkfm9eB7rT5y2C")
	general = chat.ChatID("-OLkfmAaQ4wE8u6D")
	secret  = chat.ChatID("-OLkfmAbR5xF9v7E")
	epoch   = "Zk3vT9qLw2XbN7Rc"
	noon    = int64(1_767_268_800_000)
	mine    = "5f0c7a52-3d0e-4c7e-9a55-2f1f4d7c9b10"
)

func ref[T any](v T) *T { return &v }

var (
	annUser = chat.User{ID: ann, Handle: "ann", Name: "Ann Ångström", Status: "at lunch 🍜", Role: chat.RoleAdmin, Active: true}
	bobUser = chat.User{ID: bob, Handle: "bob", Name: "Bob", Role: chat.RoleMember, Active: true, Picture: "-OLkfmPb8uVzC4oD"}
	quote   = &chat.Quote{Seq: 7, By: bob, Text: "Where is the <b>map</b> & the key?"}
	hi      = chat.Message{ChatID: general, Seq: 8, At: noon, By: ann, ClientID: mine, Text: "In \"the\" drawer, @bob\n… second line", Reply: quote, Root: 5, Mentions: []chat.UserID{bob},
		Pinned: true, EditedAt: noon + 1, Reactions: []chat.Reaction{{Emoji: "👍", Count: 2, Mine: true, By: []chat.UserID{ann, bob}}}}
	picture  = chat.File{ID: "-OLkfmBaS6yG0w8F", Name: "the \"map\" <1>.jpg", Type: "image/jpeg", Size: 2_345_678, Width: 4032, Height: 3024, Thumb: true, Alt: "A <map> of the garden, \"north\" up"}
	tour     = chat.File{ID: "-OLkfmBbT7zH1x9G", Name: "tour.mp4", Type: "video/mp4", Size: 70_000, Width: 1920, Height: 1080, DurationMs: 61_500}
	notes    = chat.File{ID: "-OLkfmBcU8aI2y0H", Name: "notes.pdf", Type: "application/pdf", Size: 300}
	pictures = chat.Message{ChatID: general, Seq: 11, At: noon, By: bob, ClientID: "b-11", Reply: &chat.Quote{Seq: 10, By: ann, Files: 2}, Files: []chat.File{picture, tour, notes}}
	toAll    = chat.Message{ChatID: general, Seq: 18, At: noon, By: ann, ClientID: "a-18", Text: "@all lunch", Reply: quote, Root: 5, MentionsAll: chat.MentionAll}
	gone     = chat.Message{ChatID: general, Seq: 9, At: noon, By: bob, ClientID: "b-9", DeletedAt: noon + 70_000}
	openChat = chat.Chat{ID: general, Kind: chat.Group, Open: true, Title: "General", Picture: "-OLkfmPa7tUyB3nC", Head: 300, MemberCount: 2, Activity: noon + 1, GroupMentions: chat.ByAdmins, LastAt: noon, Role: chat.RoleMember, ReadUpTo: 12, Unread: 3, Mentions: 1, Last: &hi,
		Mine: &own}
	own    = chat.Mine{Level: chat.LevelMentions, MutedUntil: noon + 3_600_000, Starred: true, UnreadFrom: 8}
	night  = chat.Settings{Level: chat.LevelMentions, QuietFrom: "22:00", QuietTo: "07:00", TimeZone: "Europe/Berlin", PushText: true}
	direct = chat.Chat{ID: secret, Kind: chat.Direct, Head: 70_000, MemberCount: 2, Activity: noon, GroupMentions: chat.ByEveryone, Role: chat.RoleMember, ReadUpTo: 70_000, With: bob, Mine: chat.Mine{}.OrDefaults()}
)

func event(kind chat.Kind, seq chat.Seq, fill func(*chat.Event)) chat.Event {
	e := chat.Event{Kind: kind, ChatID: general, Seq: seq, N: seq - 1, At: noon, By: ann}
	fill(&e)
	return e
}

// commands are examples of commands, by the name of their golden files.
var commands = map[string]Command{
	"command-hello":        {ID: 1, Do: "hello", Token: "q8TqIS5jUJxNqQ5xGz1m8vJdE0iOQ2cFhWb7nKsL4yA"},
	"command-hello-cookie": {ID: 1, Do: "hello"},
	"command-hello-as":     {ID: 1, Do: "hello", As: ann},
	"command-hello-parts":  {ID: 1, Do: "hello", Parts: true},
	"command-resume":       {ID: 2, Do: "resume", Epoch: epoch, Seen: map[chat.ChatID]chat.Seq{general: 4_294_967_296}, More: true},
	"command-resume-at":    {ID: 2, Do: "resume", Epoch: epoch, Seen: map[chat.ChatID]chat.Seq{general: 300}, At: map[chat.ChatID]int64{general: noon}},
	"command-resume-last":  {ID: 3, Do: "resume", Epoch: epoch},
	"command-post":         {ID: 4, Do: "post", ChatID: general, ClientID: mine, Text: hi.Text, ReplyTo: 7},
	"command-post-files":   {ID: 4, Do: "post", ChatID: general, ClientID: mine, Files: []chat.FileID{"-OLkfmBaS6yG0w8F", "-OLkfmBbT7zH1x9G"}},
	"command-post-alts":    {ID: 4, Do: "post", ChatID: general, ClientID: mine, Files: []chat.FileID{"-OLkfmBaS6yG0w8F"}, Alts: map[chat.FileID]string{"-OLkfmBaS6yG0w8F": picture.Alt}},
	"command-edit":         {ID: 5, Do: "edit", ChatID: general, ClientID: "e-5", Target: 8, Text: "In the <other> drawer"},
	"command-delete":       {ID: 6, Do: "delete", ChatID: general, Target: 9},
	"command-post-silent":  {ID: 4, Do: "post", ChatID: general, ClientID: mine, Text: "@all", Silent: true},
	"command-pin":          {ID: 7, Do: "pin", ChatID: general, ClientID: "e-18", Target: 8, On: ref(true)},
	"command-react":        {ID: 7, Do: "react", ChatID: general, Target: 8, Emoji: "👍", On: ref(false)},
	"command-read":         {ID: 8, Do: "read", ChatID: general, Seq: 300},
	"command-typing":       {ID: 9, Do: "typing", ChatID: general},
	"command-focus":        {ID: 300, Do: "focus", ChatIDs: []chat.ChatID{general, secret}},
	"command-history":      {ID: 70_000, Do: "history", ChatID: general, Limit: ref(int64(50)), Before: ref(int64(300))},
	"command-ping":         {ID: 1<<53 - 1, Do: "ping"},
}

// values are examples of the server's messages, by the name of their golden files.
var values = map[string]any{
	"reply-hello": Reply{Re: 1, OK: Hello{Epoch: epoch, Me: annUser, Settings: night, Chats: []chat.Chat{openChat, direct}, Users: []chat.User{annUser, bobUser}, Version: "1.0.0", Now: noon,
		Limits: Limits{Text: 16 << 10, Body: 1 << 20, Message: 128 << 10, Page: 200, Quote: 200, Readers: 32, Sockets: 20, Posts: Rate{N: 20, PerMs: 10_000}, File: 100 << 20, Files: 10}, HeartbeatMs: 25_000}},
	"reply-hello-part":    Reply{Re: 1, Part: &HelloPart{Chats: []chat.Chat{direct}}},
	"reply-hello-new":     Reply{Re: 1, OK: Hello{Epoch: epoch, Me: bobUser, Settings: chat.DefaultSettings(), Version: "1.0.0", Now: noon, HeartbeatMs: 25_000}},
	"reply-empty":         Reply{Re: 2},
	"reply-post":          Reply{Re: 4, OK: Posted{Seq: 8, At: noon}},
	"reply-post-again":    Reply{Re: 4, OK: Posted{Seq: 8, At: noon, Again: true}},
	"reply-edit":          Reply{Re: 5, OK: Changed{Seq: 9}},
	"reply-unchanged":     Reply{Re: 7, OK: Changed{}},
	"reply-history":       Reply{Re: 70_000, OK: History{Messages: []chat.Message{hi, gone, toAll}, Users: []chat.User{annUser, bobUser}, Head: 300, MoreBefore: true}},
	"reply-history-empty": Reply{Re: 70_000, OK: &History{Head: 1}},
	"reply-history-files": Reply{Re: 70_000, OK: History{Messages: []chat.Message{pictures}, Users: []chat.User{bobUser}, Head: 300}},
	"reply-ping":          Reply{Re: 1<<53 - 1, OK: Pong{Now: noon}},
	"reply-error":         Reply{Re: 4, Error: chat.FailField(chat.BadInput, "text", "text must be a string")},
	"reply-error-limit":   Reply{Re: 4, Error: &chat.Error{Code: chat.RateLimited, Message: "too many messages", RetryAfterMs: 500}},
	"history":             History{Messages: []chat.Message{hi}, Users: []chat.User{annUser, bobUser}, Head: 300, MoreBefore: true, MoreAfter: true},
	"error":               map[string]any{"error": &chat.Error{Code: chat.NotFound, Message: "there is no such chat", Field: "chatId", RequestID: "r-1"}},

	"event-posted": event(chat.Posted, 8, func(e *chat.Event) {
		e.ClientID, e.Text, e.Mentions, e.Reply = mine, hi.Text, hi.Mentions, quote
	}),
	"event-posted-files": event(chat.Posted, 11, func(e *chat.Event) {
		e.By, e.ClientID, e.Reply, e.Files = bob, "b-11", &chat.Quote{Seq: 10, By: ann, Files: 2}, pictures.Files
	}),
	"event-posted-all": event(chat.Posted, 18, func(e *chat.Event) {
		e.ClientID, e.Text, e.Reply, e.Root, e.MentionsAll, e.Silent = "a-18", "@all lunch", quote, 5, chat.MentionAll, true
	}),
	"event-posted-edited":  event(chat.Posted, 8, func(e *chat.Event) { e.ClientID, e.Text, e.EditedAt = mine, "In the <other> drawer", noon+1 }),
	"event-posted-deleted": event(chat.Posted, 9, func(e *chat.Event) { e.ClientID, e.DeletedAt = "b-9", noon+70_000 }),
	"event-edited": event(chat.Edited, 10, func(e *chat.Event) {
		e.ClientID, e.Target, e.Text, e.Mentions = "e-5", 8, "In the <other> drawer, @bob", []chat.UserID{bob}
	}),
	"event-edited-deleted": event(chat.Edited, 10, func(e *chat.Event) { e.Target = 9 }),
	"event-edited-here":    event(chat.Edited, 19, func(e *chat.Event) { e.Target, e.Text, e.MentionsAll = 18, "@here lunch", chat.MentionHere }),
	"event-pinned":         event(chat.Pinned, 20, func(e *chat.Event) { e.ClientID, e.Target, e.On = "e-18", 8, ref(true) }),
	"event-pinned-off":     event(chat.Pinned, 21, func(e *chat.Event) { e.Target, e.On = 8, ref(false) }),
	"event-deleted":        event(chat.Deleted, 11, func(e *chat.Event) { e.ClientID, e.Target = "e-11", 9 }),
	"event-reacted":        event(chat.Reacted, 12, func(e *chat.Event) { e.ClientID, e.Target, e.Emoji, e.On = "e-12", 8, "👍", ref(true) }),
	"event-reacted-off":    event(chat.Reacted, 13, func(e *chat.Event) { e.Target, e.Emoji, e.On = 8, "👍", ref(false) }),
	"event-joined":         event(chat.Joined, 14, func(e *chat.Event) { e.ClientID, e.Users, e.Role = "e-14", []chat.UserID{bob}, chat.RoleMember }),
	"event-left":           event(chat.Left, 15, func(e *chat.Event) { e.ClientID, e.Users, e.Reason = "e-15", []chat.UserID{bob}, "removed" }),
	"event-role":           event(chat.RoleChanged, 16, func(e *chat.Event) { e.ClientID, e.Users, e.Role = "e-16", []chat.UserID{bob}, chat.RoleAdmin }),
	"event-renamed": event(chat.Renamed, 17, func(e *chat.Event) {
		e.ClientID, e.Title, e.Topic, e.Picture, e.GroupMentions = "e-17", ref("Everybody"), ref(""), ref(chat.FileID("-OLkfmPa7tUyB3nC")), chat.ByAdmins
		e.Changed = []string{"title", "picture"}
	}),

	"signal-typing":    Signal{Signal: string(chat.SignalTyping), ChatID: general, By: bob},
	"signal-read":      Signal{Signal: string(chat.SignalRead), ChatID: general, By: bob, Seq: 300},
	"signal-presence":  Signal{Signal: string(chat.SignalPresence), By: bob, Online: ref(false)},
	"signal-user":      Signal{Signal: string(chat.SignalUser), User: &bobUser},
	"signal-mine":      Signal{Signal: string(chat.SignalMine), ChatID: general, Mine: &own},
	"signal-settings":  Signal{Signal: string(chat.SignalSettings), Settings: &night},
	"signal-chat":      Signal{Signal: SignalChat, ChatID: general, Head: 300, Chat: &openChat, Users: []chat.User{annUser, bobUser}},
	"signal-chat-gone": Signal{Signal: SignalChat, ChatID: general, Gone: true},
	"signal-reset":     Signal{Signal: SignalReset, ChatID: general, Head: 300, Epoch: epoch},
	"signal-caught-up": Signal{Signal: SignalCaughtUp},
}
