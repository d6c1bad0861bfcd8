package wire

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"

	"parley/chat"
	"parley/internal/frame"
)

// packetOf parses a packet that is written as text or, for the other parser, in hex.
func packetOf(t *testing.T, s string) (Packet, error) {
	t.Helper()
	if h, found := strings.CutPrefix(s, "hex:"); found {
		b, err := hex.DecodeString(strings.ReplaceAll(h, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		return SocketIOMsgPack.ParsePacket(b)
	}
	return SocketIO.ParsePacket([]byte(s))
}

// What clients were seen to send.
func TestPacketsOfClients(t *testing.T) {
	for s, want := range map[string]Packet{
		`0`:                          {Type: PacketConnect, Namespace: "/"},
		`0{}`:                        {Type: PacketConnect, Namespace: "/", Data: []byte(`{}`)},
		`0/,{"token":"t"}`:           {Type: PacketConnect, Namespace: "/", Data: []byte(`{"token":"t"}`)},
		`0/custom`:                   {Type: PacketConnect, Namespace: "/custom"},
		`0/custom?a=b,{}`:            {Type: PacketConnect, Namespace: "/custom", Data: []byte(`{}`)},
		`2["typing",{"chatId":"x"}]`: {Type: PacketEvent, Namespace: "/", Data: []byte(`["typing",{"chatId":"x"}]`)},
		`20["a"]`:                    {Type: PacketEvent, Namespace: "/", HasID: true, Data: []byte(`["a"]`)},
		`2/x,12["a"]`:                {Type: PacketEvent, Namespace: "/x", HasID: true, ID: 12, Data: []byte(`["a"]`)},
		`52-["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`: {Type: PacketEvent, Namespace: "/", Attachments: 2, Data: []byte(`["a",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`)},
		`61-15[{"_placeholder":true,"num":0}]`:                                 {Type: PacketAck, Namespace: "/", HasID: true, ID: 15, Attachments: 1, Data: []byte(`[{"_placeholder":true,"num":0}]`)},
		`1`:                                                                    {Type: PacketDisconnect, Namespace: "/"},
		`hex:83 a474797065 00 a464617461 d40000 a36e7370 a12f`:                                                     {Type: PacketConnect, Namespace: "/"},
		`hex:83 a474797065 00 a464617461 c0 a36e7370 a12f`:                                                         {Type: PacketConnect, Namespace: "/"},
		`hex:82 a474797065 01 a36e7370 a12f`:                                                                       {Type: PacketDisconnect, Namespace: "/"},
		`hex:85 a474797065 02 a464617461 91a161 a76f7074696f6e73 81 a8636f6d7072657373 c3 a26964 00 a36e7370 a12f`: {Type: PacketEvent, Namespace: "/", HasID: true, Data: []byte("\x91\xa1a")},
		`hex:83 a474797065 05 a464617461 91a161 a36e7370 a12f`:                                                     {Type: PacketEvent, Namespace: "/", Data: []byte("\x91\xa1a")},
	} {
		got, err := packetOf(t, s)
		want.codec = got.codec
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", s, err, got, want)
		}
	}
}

func TestMalformedPackets(t *testing.T) {
	for _, s := range []string{
		"", "7", "abc", "2", "2{}", "2[]", "2[{}]", `2["a"`, `2["a"]x`, `2["connect"]`, `2["disconnecting"]`, "3[]", "30{}", "0x", `1{"a":1}`, `4"no"`,
		`5["a"]`, `5-["a"]`, `511-["a"]`, `5999999999999-["a"]`, `2` + strings.Repeat("1", 16) + `["a"]`, "2[\"\xff\"]", `2["a",` + strings.Repeat("[", 9) + strings.Repeat("]", 9) + "]",
		"0/" + strings.Repeat("x", 200),
		"hex:", "hex:80", "hex:90", "hex:81 a474797065 02", "hex:82 a474797065 02 a464617461 80", "hex:81 a474797065 07", "hex:81 a474797065 a130",
		"hex:82 a474797065 01 a36e7370 a12f 00", "hex:82 a474797065 00 a36e7370 01", "hex:83 a474797065 02 a464617461 91a161 a26964 ff", "hex:81 01 02", "hex:82 a474797065",
	} {
		if p, err := packetOf(t, s); !errors.Is(err, ErrMalformed) {
			t.Errorf("%q: %v, %+v", s, err, p)
		}
	}
}

func TestCommandsOfPackets(t *testing.T) {
	on := true
	for s, want := range map[string]Command{
		`20["post",{"chatId":"c","clientId":"1","text":"hi"}]`: {ID: 1, Do: "post", ChatID: "c", ClientID: "1", Text: "hi"},
		`2["ping"]`:                     {Do: "ping"},
		`2["ping",null]`:                {Do: "ping"},
		`25["ping",{},1,2]`:             {ID: 6, Do: "ping"},
		`2[7]`:                          {},
		`27["x",{"id":99,"do":"post"}]`: {ID: 8, Do: "x"},
		`2["react",{"on":true}]`:        {Do: "react", On: &on},
		"hex:84 a474797065 02 a464617461 92 a4706f7374 82 a474657874 a26869 a77265706c79546f d40000 a26964 03 a36e7370 a12f": {ID: 4, Do: "post", Text: "hi"},
	} {
		p, err := packetOf(t, s)
		if err != nil {
			t.Fatal(s, err)
		}
		if cmd, err := p.Command("post"); err != nil || !reflect.DeepEqual(cmd, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", s, err, cmd, want)
		}
	}
	for s, field := range map[string]string{
		`2["post",{"text":1}]`: "text", `2["post",{"chatId":{"_placeholder":true,"num":0}}]`: "chatId", `2["post",1]`: "", `2["post",[]]`: "",
		"hex:83 a474797065 02 a464617461 92 a4706f7374 81 a474657874 c40101 a36e7370 a12f":                "text", // a Buffer
		"hex:83 a474797065 02 a464617461 92 a4706f7374 81 a474657874 d700 0000000000000001 a36e7370 a12f": "text", // a Date
	} {
		p, err := packetOf(t, s)
		if err != nil {
			t.Fatal(s, err)
		}
		if _, err := p.Command(); !chat.Is(err, chat.BadInput) || chat.AsError(err).Field != field {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestAuthOfConnect(t *testing.T) {
	seen := map[chat.ChatID]chat.Seq{"a": 6}
	for s, want := range map[string]Command{
		`0`: {},
		`0{"token":"t","seen":{"a":6},"epoch":"e","more":true}`:                                    {Token: "t", Seen: seen, Epoch: "e", More: true},
		`0{"token":"t","seen":"{\"a\":6}","at":"{\"a\":7}"}`:                                       {Token: "t", Seen: seen, At: map[chat.ChatID]int64{"a": 7}},
		`0{"more":"true","pid":"p","offset":"o","text":"no"}`:                                      {More: true},
		"hex:83 a474797065 00 a464617461 82 a5746f6b656e a174 a47365656e 81 a161 06 a36e7370 a12f": {Token: "t", Seen: seen},
	} {
		p, err := packetOf(t, s)
		if err != nil {
			t.Fatal(s, err)
		}
		if cmd, err := p.Connect(); err != nil || !reflect.DeepEqual(cmd, want) {
			t.Errorf("%s: %v\n got %+v\nwant %+v", s, err, cmd, want)
		}
	}
	for s, field := range map[string]string{`0{"token":1}`: "token", `0{"seen":"x"}`: "seen", `0{"seen":"[]"}`: "seen", `0{"seen":{"a":-1}}`: "seen",
		`0[]`: "auth", `0"t"`: "auth", `0{"more":"yes"}`: "more", `0{"more":1}`: "more", "hex:83 a474797065 00 a464617461 a174 a36e7370 a12f": "auth"} {
		p, err := packetOf(t, s)
		if err != nil {
			t.Fatal(s, err)
		}
		if _, err := p.Connect(); !chat.Is(err, chat.BadInput) || chat.AsError(err).Field != field {
			t.Errorf("%s: %v", s, err)
		}
	}
}

// Every value of the server is one frame for each packet, which the clients' parsers read.
func TestValuesAreFrames(t *testing.T) {
	refused := chat.Fail(chat.NoIdentity, "this token is not valid")
	failed := chat.AsError(chat.FailField(chat.BadInput, "text", "no"))
	down := chat.AsError(chat.Fail(chat.Unavailable, "down"))
	for name, c := range map[string]struct {
		v    any
		text []string
		hex  []string
	}{
		"event": {chat.Event{Kind: chat.Left, ChatID: "c", Seq: 1}, []string{`42["left",`}, []string{"83a474797065 02 a464617461 92 a46c656674"}},
		"ack":   {Reply{Re: 8, OK: Posted{Seq: 8, At: 9}}, []string{`437[{"ok":{"seq":8,"at":9}}]`}, []string{"84a474797065 03 a464617461 91 81a26f6b 82a373657108a2617409 a26964 07 a36e7370 a12f"}},
		"ack 0": {Reply{Re: 1}, []string{`430[{"ok":{}}]`}, []string{"84a474797065 03 a464617461 91 81a26f6b80 a26964 00 a36e7370 a12f"}},
		"none":  {Reply{OK: Posted{Seq: 8}}, nil, nil},
		"error": {Failure{Re: 1, Do: "post", Error: failed}, []string{`430[{"error":{"code":"bad_input","message":"no","field":"text"}}]`}, []string{"84a474797065 03 a464617461 91 81a56572726f72 83"}},
		"failed": {Failure{Do: "post", Error: failed}, []string{`42["failed",{"do":"post","error":{"code":"bad_input","message":"no","field":"text"}}]`},
			[]string{"83a474797065 02 a464617461 92 a66661696c6564 82 a2646f a4706f7374"}},
		"refused": {Failure{Do: "hello", Error: chat.AsError(refused), Closes: true}, []string{`44{"message":"this token is not valid","data":{"code":"no_identity",`},
			[]string{"83a474797065 04 a464617461 82 a76d657373616765"}},
		"down":       {Failure{Do: "hello", Error: down, Closes: true}, nil, nil},
		"disconnect": {Disconnect{}, []string{`41`}, []string{"82a474797065 01 a36e7370 a12f"}},
		"signal":     {Signal{Signal: SignalCaughtUp}, []string{`42["caughtUp",{"signal":"caughtUp"}]`}, []string{"83a474797065 02 a464617461 92 a86361756768745570 81"}},
		"hello":      {Reply{OK: &Hello{Epoch: "e"}}, []string{`40{"sid":"`, `42["hello",{"epoch":"e",`}, []string{"83a474797065 00 a464617461 81 a3736964", "83a474797065 02 a464617461 92 a568656c6c6f"}},
	} {
		b := SocketIO.Encode(c.v)
		for _, want := range c.text {
			text, payload, rest := frame.Next(b)
			if !text || !strings.HasPrefix(string(payload), want) {
				t.Errorf("%s: %s, want %s", name, payload, want)
			}
			if at := strings.IndexAny(string(payload), "[{"); at >= 0 && !json.Valid(payload[at:]) {
				t.Errorf("%s: not JSON: %s", name, payload)
			}
			b = rest
		}
		if len(b) > 0 {
			t.Errorf("%s: further frames % x", name, b)
		}
		b = SocketIOMsgPack.Encode(c.v)
		for _, want := range c.hex {
			text, payload, rest := frame.Next(b)
			if text || !strings.HasPrefix(hex.EncodeToString(payload), strings.ReplaceAll(want, " ", "")) {
				t.Errorf("%s: %x, want %s", name, payload, want)
			}
			if _, after, err := checkMsgPack(payload); err != nil || len(after) > 0 {
				t.Errorf("%s: %x: %v, %d bytes left", name, payload, err, len(after))
			}
			b = rest
		}
		if len(b) > 0 {
			t.Errorf("%s: further frames % x", name, b)
		}
	}
}

// FuzzPacket: no message of a client does more than fail, and what is read is of the
// message.
func FuzzPacket(f *testing.F) {
	for _, s := range []string{`0{"token":"t","seen":"{\"a\":1}"}`, `20["post",{"text":"a"}]`, `52-["a",{}]`, `2/x,["a"]`, "2[7,null]"} {
		f.Add(true, []byte(s))
	}
	for _, s := range []string{"84a474797065 02 a464617461 92 a4706f7374 81 a474657874 a26869 a26964 03 a36e7370 a12f", "83a474797065 00 a464617461 d40000 a36e7370 a12f"} {
		b, _ := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
		f.Add(false, b)
	}
	f.Fuzz(func(t *testing.T, text bool, b []byte) {
		c := SocketIOMsgPack
		if text {
			c = SocketIO
		}
		p, err := c.ParsePacket(b)
		if err != nil {
			return
		}
		switch p.Type {
		case PacketConnect:
			_, err = p.Connect()
		case PacketEvent:
			_, err = p.Command("post")
		}
		if err != nil && !chat.Is(err, chat.BadInput) {
			t.Errorf("%q: %v", b, err)
		}
		_, payload, _ := frame.Next(c.AppendPacket(nil, &p))
		if text {
			payload = payload[1:]
		}
		again, err := c.ParsePacket(payload)
		if err != nil || again.Type != p.Type || again.Namespace != p.Namespace && !strings.Contains(p.Namespace, "?") || again.ID != p.ID || string(again.Data) != string(p.Data) {
			t.Errorf("%q: %v\n%+v\n%+v", b, err, p, again)
		}
	})
}
