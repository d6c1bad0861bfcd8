package server

import (
	"encoding/json"
	"testing"

	"parley/chat"
	"parley/server/api"
	"parley/wire"
)

// A member's settings of a chat reach their other devices, and nobody else.
func TestMine(t *testing.T) {
	x := start(t)
	ann, bob := x.addUser("ann"), x.addUser("bob")
	id := ann.group(bob)
	path := "/api/chats/" + string(id) + "/mine"
	laptop, phone, other := ann.connectLive(), ann.connectLive(wire.MsgPack), bob.connectLive()
	var out api.MineAnswer
	ann.call("PATCH", path, m{"level": "mentions", "mutedUntil": -1, "hidden": true, "starred": true}).want(200).into(&out)
	want := chat.Mine{Level: chat.LevelMentions, MutedUntil: chat.MutedForEver, Hidden: true, Starred: true}
	if out.Mine != want {
		t.Errorf("answer %+v", out.Mine)
	}
	for _, device := range []*socketClient{laptop, phone} {
		if got := device.signal("mine"); got.Mine == nil || *got.Mine != want || got.ChatID != id {
			t.Errorf("signal %+v", got)
		}
	}
	seq := bob.post(id, "hello @ann")
	ann.call("PUT", "/api/chats/"+string(id)+"/read", m{"seq": seq}).want(204)
	ann.call("PATCH", path, m{"unreadFrom": seq, "hidden": nil}).want(200).into(&out)
	want.Hidden, want.UnreadFrom = false, seq
	if got := phone.signal("mine"); out.Mine != want || *got.Mine != want {
		t.Errorf("answer %+v, signal %+v", out.Mine, got.Mine)
	}
	var one api.ChatAnswer
	ann.call("GET", "/api/chats/"+string(id), nil).want(200).into(&one)
	if c := one.Chat; c.Unread != 1 || c.Mentions != 1 || c.ReadUpTo != seq || *c.Mine != want {
		t.Errorf("%+v, %+v", c, c.Mine)
	}
	laptop.ask(m{"do": "read", "chatId": id, "seq": seq}, nil)
	if got := phone.take("the read signal", func(v *value) bool { return v.Signal == "read" && v.By == ann.user.ID }); got.Seq != seq {
		t.Errorf("signal %+v", got)
	}
	ann.call("GET", "/api/chats/"+string(id), nil).want(200).into(&one)
	if one.Chat.Unread != 0 || one.Chat.Mine.UnreadFrom != 0 {
		t.Errorf("%+v, %+v", one.Chat, one.Chat.Mine)
	}
	other.event(id, seq)
	other.wantQuiet("read")

	for field, v := range map[string]any{"level": "loud", "mutedUntil": -2, "hidden": "yes", "starred": 1, "unreadFrom": 1000} {
		ann.call("PATCH", path, m{field: v}).wantError(chat.BadInput, field)
	}
	ann.call("PATCH", path, m{"unreadFrom": -1}).wantError(chat.BadInput, "unreadFrom")
	x.addUser("eve").call("PATCH", path, m{"starred": true}).wantError(chat.NotFound, "chatId")
	x.anonymous().call("PATCH", path, m{"starred": true}).wantError(chat.NoIdentity, "")
}

// A user's settings reach their other devices, and hello has them.
func TestSettings(t *testing.T) {
	x := start(t)
	ann := x.addUser("ann")
	phone := ann.connectLive()
	var out api.MeAnswer
	ann.call("GET", "/api/me", nil).want(200).into(&out)
	if out.Settings != chat.DefaultSettings() {
		t.Errorf("at first %+v", out.Settings)
	}
	quiet := m{"level": "mentions", "quietFrom": "22:00", "quietTo": "07:00", "timeZone": "Europe/Berlin", "pushText": false}
	ann.call("PATCH", "/api/me", m{"status": "away", "settings": quiet}).want(200).into(&out)
	want := chat.Settings{Level: chat.LevelMentions, QuietFrom: "22:00", QuietTo: "07:00", TimeZone: "Europe/Berlin"}
	if out.Settings != want || out.User.Status != "away" {
		t.Errorf("%+v", out)
	}
	if got := phone.signal("settings"); got.Settings == nil || *got.Settings != want {
		t.Errorf("signal %+v", got)
	}
	if got := ann.connectLive().hello.Settings; got != want {
		t.Errorf("hello %+v", got)
	}
	ann.call("PATCH", "/api/me", m{"name": "Ann Lee", "settings": m{"quietTo": ""}}).wantError(chat.BadInput, "settings.quietTo")
	ann.call("GET", "/api/me", nil).want(200).into(&out)
	if out.User.Name == "Ann Lee" || out.Settings != want {
		t.Errorf("after a refusal: %+v", out)
	}
	ann.call("PATCH", "/api/me", m{"settings": m{"Level": "none"}}).want(200).into(&out) // names are case-sensitive
	if out.Settings != want {
		t.Errorf("after an unknown field: %+v", out)
	}
	half := json.RawMessage(`{"timeZone": "\ud800"}`)
	ann.call("PATCH", "/api/me", m{"settings": half}).wantError(chat.BadInput, "settings")
	for _, bad := range []any{"loud", 1, m{"level": "default"}, m{"level": 1}, m{"pushText": "no"}, m{"timeZone": "Local"}, m{"quietFrom": "25:00"}} {
		ann.call("PATCH", "/api/me", m{"settings": bad}).want(400)
	}
}
