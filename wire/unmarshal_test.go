package wire

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"

	"parley/chat"
)

type body struct {
	Handle  string   `json:"handle"`
	Once    string   `json:"clientId"`
	Name    *string  `json:"name"`
	Open    *bool    `json:"open"`
	Uses    int      `json:"uses"`
	Seq     chat.Seq `json:"seq"`
	Ratio   float64  `json:"ratio"`
	Members []string `json:"members"`
	Inner   struct {
		Code string `json:"code"`
	} `json:"inner"`
}

func TestUnmarshal(t *testing.T) {
	want := body{Handle: "ann \"<>\"\u2028\x00", Name: ref(""), Open: ref(false), Uses: -3, Seq: math.MaxUint64, Ratio: 2.5, Members: []string{"a", "b"}}
	want.Inner.Code = "x"
	for c, b := range map[*Codec][]byte{
		JSON: []byte(" {\"handle\":\"ann \\\"<>\\\"\\u2028\\u0000\",\"name\":\"\",\"open\":false,\"uses\":-3,\"seq\":18446744073709551615,\"ratio\":2.5,\n\"members\":[\"a\",\"b\"],\"inner\":{\"code\":\"x\",\"more\":[]},\"unknown\":{\"a\":[1]}}\n"),
		MsgPack: pack("handle", want.Handle, "name", "", "open", false, "uses", -3, "seq", uint64(math.MaxUint64), "ratio", 2.5,
			"members", []any{"a", "b"}, "inner", map[string]any{"code": "x", "more": []any{}}, "unknown", map[string]any{"a": []any{1}}),
	} {
		var got body
		if err := c.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("codec %s: %v\n got %+v\nwant %+v", c.Protocol, err, got, want)
		}
	}
}

func TestUnmarshalNamesTheField(t *testing.T) {
	for _, x := range []struct {
		field, json string
		packed      []byte
	}{
		{"handle", `{"handle":{"$gt":""}}`, pack("handle", map[string]any{"$gt": ""})},
		{"handle", `{"handle":5}`, pack("handle", 5)},
		{"handle", "", pack("handle", []byte{0xc4, 1, 'x'})},
		{"handle", "", pack("handle", []byte{0xa1, 0xff})},
		{"handle", `{"handle":"a\ud800"}`, pack("handle", []byte{0xa1, 0xff})},
		{"handle", `{"handle":"\uDFFF"}`, pack("handle", []byte{0xa1, 0xff})},
		{"members", `{"members":["\ud83c\ud83c"]}`, pack("members", []byte{0x91, 0xa1, 0xff})},
		{"clientId", `{"clientId":""}`, pack("clientId", "")},
		{"name", `{"name":[]}`, pack("name", []any{})},
		{"open", `{"open":"yes"}`, pack("open", "yes")},
		{"uses", `{"uses":1.5}`, pack("uses", 1.5)},
		{"uses", `{"uses":1.0}`, pack("uses", 1.0)},
		{"uses", `{"uses":1e400}`, pack("uses", uint64(math.MaxUint64))},
		{"seq", `{"seq":-1}`, pack("seq", -1)},
		{"ratio", `{"ratio":"1"}`, pack("ratio", "1")},
		{"ratio", "", pack("ratio", math.Inf(1))},
		{"members", `{"members":"a"}`, pack("members", "a")},
		{"members", `{"members":["a",1]}`, pack("members", []any{"a", 1})},
		{"members", "", pack("members", []byte{0x91, 0xc4, 0})},
		{"inner", `{"inner":"x"}`, pack("inner", "x")},
		{"inner.code", `{"inner":{"code":1}}`, pack("inner", map[string]any{"code": 1})},
		{"inner.code", "", pack("inner", []byte("\x81\xa4code\xd4\x01\x01"))},
		{"", `[]`, []byte{0x90}},
		{"", `null`, []byte{0xc0}},
		{"", `"x"`, []byte{0xa1, 'x'}},
		{"", ``, nil},
		{"", `{} {}`, []byte{0x80, 0x80}},
		{"", `{"handle":"x"`, []byte("\x81\xa6handle")},
		{"", "{\"handle\":\"\xff\"}", []byte{0x81, 1, 1}},
		{"", strings.Repeat("[", 9) + strings.Repeat("]", 9), append([]byte(strings.Repeat("\x91", 9)), 0)},
	} {
		for c, b := range map[*Codec][]byte{JSON: []byte(x.json), MsgPack: x.packed} {
			if c == JSON && x.json == "" && x.field != "" {
				continue
			}
			var into body
			err := c.Unmarshal(b, &into)
			var e *chat.Error
			if !errors.As(err, &e) || e.Code != chat.BadInput || e.Field != x.field {
				t.Errorf("codec %s, %s: field %q, got %v", c.Protocol, x.json, x.field, err)
			}
		}
	}
}

// An unknown field may have a name of any length; an error contains the cut name.
func TestUnmarshalCutsNames(t *testing.T) {
	err := MsgPack.Unmarshal(pack(strings.Repeat("ä", 1000), []byte{0xc4, 0}), &body{})
	var e *chat.Error
	if !errors.As(err, &e) || len(e.Field) > 64 || len(e.Message) > 100 {
		t.Errorf("%v", err)
	}
}

// encoding/json would ignore case, and accept the long s for an s.
func TestUnmarshalNamesAreExact(t *testing.T) {
	for c, b := range map[*Codec][]byte{
		JSON:    []byte(`{"HANDLE":"a","handle":"b","Handle":5,"u\u017fes":1,"u\u0073es":2}`),
		MsgPack: pack("HANDLE", "a", "handle", "b", "Handle", 5, "u\u017fes", 1, "uses", 2),
	} {
		var got body
		if err := c.Unmarshal(b, &got); err != nil || got.Handle != "b" || got.Uses != 2 {
			t.Errorf("codec %s: %v, %+v", c.Protocol, err, got)
		}
	}
}

func TestUnmarshalNull(t *testing.T) {
	for c, b := range map[*Codec][]byte{JSON: []byte(`{"handle":null,"name":null,"members":null}`), MsgPack: pack("handle", nil, "name", nil, "members", nil)} {
		got := body{}
		if err := c.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, body{}) {
			t.Errorf("codec %s: %+v %v", c.Protocol, got, err)
		}
	}
}
