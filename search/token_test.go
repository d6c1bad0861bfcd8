package search

import (
	"fmt"
	"strings"
	"testing"
)

// show returns tokens as text: the words of each position, those beside it after a slash.
func show(tokens []Token) string {
	var b strings.Builder
	for i, t := range tokens {
		switch {
		case i > 0 && t.Pos == tokens[i-1].Pos:
			b.WriteByte('/')
		case i > 0:
			b.WriteByte(' ')
		}
		b.WriteString(t.Word)
	}
	return b.String()
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"":                       "",
		"Hello, World!":          "hello world",
		"naïve Straße ΟΔΟΣ":      "naive strasse οδοσ",
		"東京都":                    "東京 京都 都",
		"東京 都":                   "東京 京 都",
		"iPhone手机":               "iphone/phone 手机 机",
		"第3回":                    "第 3 回",
		"ｶﾞﾊﾟ":                   "ガパ パ",
		"コーヒー":                   "コー ーヒ ヒー ー",
		"학교에서":                   "학교 교에 에서 서",
		"don't":                  "dont/don",
		"l’homme":                "lhomme/homme",
		"rock'n'roll":            "rocknroll/rock/roll",
		"e-mail now":             "e/email mail now",
		"state-of-the-art x":     "state/stateoftheart of the art x",
		"12,345.678 1,2 10.000":  "12/12345678 345 678 1 2 10/10000 000",
		"#123 #a ##b a#b C# c++": "#123/123 #a/a b a b c#/c c++/c",
		"@ann ann@example.com":   "@ann/ann ann example com",
		"v1.2.3":                 "v1/1 2 3",
		"getUserName HTMLParser": "getusername/get/user/name htmlparser/html/parser",
		"snake_case_name":        "snake case name",
		"👍🏽 ok❤":                 "👍🏽/👍 ok ❤️",
		"צה\"ל צה״ל":             "צהל/צה צהל/צה",
		"कि हिन्दी":              "कि हिन्दी",
		"ก\u200bข":               "กข ข",
		"a\u200bb co\u00adop":    "a b coop",
		"\u0301 x":               "x",
		"--- *** |":              "",
	} {
		if got := show(Tokens(text)); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// The range of a token is where it stands in the text.
func TestTokenRanges(t *testing.T) {
	text := "Die Straße, 東京! l'été — getUser #12"
	var got []string
	for _, tok := range Tokens(text) {
		got = append(got, fmt.Sprintf("%s=%s", tok.Word, text[tok.Start:tok.End]))
	}
	want := "die=Die strasse=Straße 東京=東京 京=京 lete=l'été ete=été getuser=getUser get=get user=User #12=#12 12=12"
	if s := strings.Join(got, " "); s != want {
		t.Errorf("%s\nwant %s", s, want)
	}
}

func BenchmarkTokens(b *testing.B) {
	for name, text := range map[string]string{
		"English":  strings.Repeat("The deployment finished, see https://ci.example.com/job/1234 for it. ", 2),
		"German":   strings.Repeat("Größere Änderungen prüfen wir übermorgen gründlich. ", 3),
		"Russian":  strings.Repeat("Сообщение о развёртывании ", 3),
		"Japanese": strings.Repeat("東京都の会議は明日です。", 4),
		"Arabic":   strings.Repeat("مرحبا بالعالم ", 6),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				Tokens(text)
			}
		})
	}
}
