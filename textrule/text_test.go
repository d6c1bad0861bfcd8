package textrule

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/rivo/uniseg"
	"golang.org/x/text/unicode/norm"
)

func TestCut(t *testing.T) {
	family := "👩‍👩‍👧‍👦" // 25 bytes
	for _, c := range []struct {
		text  string
		limit int
		want  string
	}{
		{"abc", 3, "abc"}, {"abcd", 3, "abc"}, {"aé", 2, "a"}, {"aé", 3, "aé"}, {"", 0, ""}, {"abc", 0, ""},
		{"abe\u0301x", 3, "ab"}, {"abe\u0301x", 4, "ab"}, {"abe\u0301x", 5, "abe\u0301"},
		{"hi " + family + "!", 10, "hi "}, {"hi " + family + "!", 28, "hi " + family},
		{"👍🏽👍🏽", 9, "👍🏽"}, {"❤️❤️", 9, "❤️"}, {"1️⃣2️⃣", 8, "1️⃣"},
		{"🇩🇪🇫🇷🇮🇹", 12, "🇩🇪"}, {"a🇩🇪🇫🇷", 10, "a🇩🇪"},
		{"ab\r\ncd", 3, "ab"}, {"ab\r\ncd", 4, "ab\r\n"},
		{"\u1100\u1161\u11a8\u1100\u1161\u11a8", 12, "\u1100\u1161\u11a8"}, // conjoining jamo
		{family, 10, "👩\u200d"},
		{"e" + strings.Repeat("\u0301", 200), 201, "e" + strings.Repeat("\u0301", 100)},
		{"😀", 3, ""},
	} {
		if got := Cut(c.text, c.limit); got != c.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", c.text, c.limit, got, c.want)
		}
	}
}

// A cluster ends between two characters that separate takes, whichever they are.
func TestSeparate(t *testing.T) {
	n := 0
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if !separate(r) {
			continue
		}
		n++
		for _, pair := range []string{string(r) + "a", "a" + string(r), string(r) + string(r), "字" + string(r), string(r) + "字"} {
			if uniseg.GraphemeClusterCount(pair) != 2 {
				t.Fatalf("%q is one cluster", pair)
			}
		}
	}
	if n < 20_000 {
		t.Errorf("%d characters", n)
	}
}

func FuzzCut(f *testing.F) {
	f.Add("hi 👩‍👩‍👧‍👦!", 10)
	f.Add("e\u0301🇩🇪\r\n\xff", 3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = max(0, min(limit, len(s)))
		got := Cut(s, limit)
		if len(got) > limit || !strings.HasPrefix(s, got) || utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Errorf("Cut(%q, %d) = %q", s, limit, got)
		}
		if r, _ := utf8.DecodeRuneInString(s); limit >= utf8.UTFMax && r != utf8.RuneError && got == "" {
			t.Errorf("Cut(%q, %d) is empty", s, limit)
		}
	})
}

func TestVisible(t *testing.T) {
	for s, want := range map[string]bool{
		"": false, " \t\n": false, "\u200b": false, "\u00ad": false, "\u2060\ufeff": false, "\u202e \u2066": false, "\u3164": false, "\u115f\u1160": false,
		"\uffa0": false, "\u2800": false, "\ufe0f": false, "\u034f": false, "\u180e": false, "\u00a0\u3000\u2003": false, "\u2028": false, "\x00\x1f\x7f": false,
		"\U000e0041": false, "\u061c": false, "\u17b4": false, "\ufffe": false, "\u200d": false,
		"a": true, ".": true, " ❤️ ": true, "\u200bx\u200b": true, "\u0301": true, "\u0600": true, "　字": true, "\ufffd": true,
	} {
		if Visible(s) != want {
			t.Errorf("Visible(%q) is %v", s, !want)
		}
	}
}

func TestLine(t *testing.T) {
	for s, want := range map[string]string{
		"": "", "Ann Lee": "Ann Lee", "  Ann \u00a0\u3000 Lee ": "Ann Lee", "山田　太郎": "山田 太郎", "Jose\u0301": "José",
		"\u200bAnn\u200b": "Ann", "\u202eAnn\u202c": "Ann", "\u2067שלום\u2069": "שלום", "Ann \u200e": "Ann", "\ufeffAnn\u00ad \u2060": "Ann",
		"\u200b": "", "\u3164 \u2800": "", "\u202e\u202d": "",
		"🏳️‍🌈 Pride": "🏳️‍🌈 Pride", "Ann ❤️": "Ann ❤️", "👩‍💻": "👩‍💻", "1️⃣ Ops": "1️⃣ Ops", "ℹ️ Help": "ℹ️ Help", "🏴󠁧󠁢󠁥󠁮󠁧󠁿": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
		"👋🏽 all": "👋🏽 all", "می\u200cخواهم": "می\u200cخواهم", "क्\u200dष": "क्\u200dष", "葛󠄀城": "葛󠄀城", "ＡＢＣ": "ＡＢＣ",
	} {
		if got, bad, ok := Line(s); got != want || !ok {
			t.Errorf("Line(%q) = %q, %U, want %q", s, got, bad, want)
		}
	}
	for s, want := range map[string]rune{
		"a\nb": '\n', "a\n": '\n', "a\x00": 0, "\x00a": 0, "\ta": '\t', "a\u2028b": '\u2028', "a\x7f": '\x7f', "a\u0085b": '\u0085',
		"A\u200bnn": '\u200b', "A\u202enn": '\u202e', "A\u200dnn": '\u200d', "A\u200cnn": '\u200c', "A\ufe0fnn": '\ufe0f', "Ann\u200e Lee": '\u200e',
		"Ann \u2066Lee\u2069": '\u2066', "a\u3164b": '\u3164', "a\u2800b": '\u2800', "a\u00adb": '\u00ad', "я\u200dя": '\u200d', "👩‍ 💻": '\u200d', "a\U000e0041b": '\U000e0041',
		"か\ufe0fな": '\ufe0f', "❤️️x": '\ufe0f', "12\u200d3": '\u200d',
	} {
		if got, bad, ok := Line(s); bad != want || ok || got != "" {
			t.Errorf("Line(%q) = %q, %U, want %U", s, got, bad, want)
		}
	}
	for s, want := range map[string]bool{"a": true, "\u0301": false, " \u0301\u200b": false, "e\u0301": true, "": false, "❤️": true, "字": true} {
		if HasBase(s) != want {
			t.Errorf("HasBase(%q) is %v", s, !want)
		}
	}
}

func TestLineKeepsEmoji(t *testing.T) {
	for _, e := range strings.Fields(emojis) {
		for _, s := range []string{e, "Ops " + e + " team", e + e} {
			if got, bad, ok := Line(s); got != s || !ok {
				t.Errorf("Line(%q) = %q, %U", s, got, bad)
			}
		}
	}
}

// What Line returns is stored: it must be the same when it comes back.
func FuzzLine(f *testing.F) {
	for _, s := range []string{"Ann Lee", " \u200bJose\u0301 \u00a0🏳️‍🌈\u200e", "\u202e", "a\u200db", "می\u200cخواهم", "🏴󠁧󠁢󠁥󠁮󠁧󠁿"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // refused before
		}
		line, bad, ok := Line(s)
		if !ok {
			if line != "" || !strings.ContainsRune(s, bad) {
				t.Errorf("Line(%q) = %q with %U", s, line, bad)
			}
			return
		}
		again, bad, ok := Line(line)
		switch {
		case again != line || !ok:
			t.Errorf("Line(%q) = %q, and of that %q, %U", s, line, again, bad)
		case !utf8.ValidString(line) || !norm.NFC.IsNormalString(line) || strings.TrimSpace(line) != line:
			t.Errorf("Line(%q) = %q", s, line)
		case len(line) > 3*len(s):
			t.Errorf("Line(%q) has %d bytes", s, len(line))
		case Visible(s) != (line != ""):
			t.Errorf("Line(%q) = %q", s, line)
		}
	})
}

func TestEmoji(t *testing.T) {
	for s, want := range map[string]string{
		"👍": "👍", "👍\ufe0f": "👍", "👍\ufe0e": "👍", "❤": "❤️", "❤️": "❤️", "❤\ufe0e": "❤️", "1\u20e3": "1️⃣", "1️⃣": "1️⃣", "#\u20e3": "#️⃣",
		"🏳\u200d🌈": "🏳️‍🌈", "🏳️‍🌈": "🏳️‍🌈", "👁\u200d🗨": "👁️‍🗨️", "👩\u200d❤\u200d👩": "👩‍❤️‍👩", "©": "©️", "☺": "☺️", "🇩🇪": "🇩🇪", "🏴󠁧󠁢󠁥󠁮󠁧󠁿": "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
		"👍🏽": "👍🏽", "👩🏽‍💻": "👩🏽‍💻", "✌🏽": "✌🏽", "✌\ufe0f🏽": "✌🏽",
	} {
		if got, ok := Emoji(s); got != want || !ok {
			t.Errorf("Emoji(%q) = %q, %v, want %q", s, got, ok, want)
		}
	}
	if a, _ := Emoji("👍"); a == "👍🏽" {
		t.Error("skin tones make no difference")
	}
	for _, s := range []string{"", " ", "a", "lol", "+1", "1", "#", "\u200b", "\u202e", "🇩", "🇩🇪🇫🇷", "👍👍", "👍 ", " 👍", "👩\u200d", "\u200d", "\ufe0f", "🏽", "x👍", "字", "👩💻\u200d",
		strings.Repeat("👍", 20), "👍" + strings.Repeat("\ufe0f", 100), "\xff", "👍\xff", "★", "→"} {
		if got, ok := Emoji(s); ok || got != "" {
			t.Errorf("Emoji(%q) = %q", s, got)
		}
	}
	all := strings.Fields(emojis)
	if len(all) < 3900 || len(byPlainEmoji()) != len(all) {
		t.Errorf("%d emoji, %d by their plain form", len(all), len(byPlainEmoji()))
	}
	for _, e := range all {
		if got, ok := Emoji(e); got != e || !ok || len(e) > MaxEmoji {
			t.Errorf("Emoji(%q) = %q, %v", e, got, ok)
		}
	}
}

func FuzzEmoji(f *testing.F) {
	for _, s := range []string{"👍\ufe0f", "❤", "🇩", "👩‍❤️‍👩", "\u200b", "1⃣"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, ok := Emoji(s)
		if again, okAgain := Emoji(e); ok && (!okAgain || again != e || !utf8.ValidString(e) || len(e) > MaxEmoji) || !ok && e != "" {
			t.Errorf("Emoji(%q) = %q, and of that %q", s, e, again)
		}
	})
}

func TestFold(t *testing.T) {
	b, err := os.ReadFile("testdata/fold.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases struct{ Same, Different [][2]string }
	if err := json.Unmarshal(b, &cases); err != nil || len(cases.Same) < 25 {
		t.Fatal(err, len(cases.Same))
	}
	for _, c := range cases.Same {
		if Fold(c[0]) != Fold(c[1]) {
			t.Errorf("%q is %q, %q is %q", c[0], Fold(c[0]), c[1], Fold(c[1]))
		}
	}
	for _, c := range cases.Different {
		if Fold(c[0]) == Fold(c[1]) {
			t.Errorf("%q and %q are both %q", c[0], c[1], Fold(c[0]))
		}
	}
}

func FuzzFold(f *testing.F) {
	for _, s := range []string{"José", "YILMAZ", "İ", "ΟΔΟΣ", "ﷺ", "ŉ", "ΐ", "\u0345", "ｶﾞ", "\xff", "ẞ", "K", "\xf5Ӫ", "Ꮊ", "ꮊ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Fold(s)
		if again := Fold(got); again != got || !utf8.ValidString(got) || len(got) > MaxFold*len(s) {
			t.Errorf("Fold(%q) = %q, and of that %q", s, got, again)
		}
	})
}

func TestHandle(t *testing.T) {
	for s, want := range map[string]string{
		"ann": "ann", "Ann": "ann", "@ann": "ann", " @Ann ": "ann", " ann\n": "ann", "\u200bann\u00a0": "ann", "ＡＮＮ": "ann", "a.b-c_9": "a.b-c_9", "9a": "9a", "ann_": "ann_",
		strings.Repeat("x", MaxHandle): strings.Repeat("x", MaxHandle),
	} {
		if got, ok := Handle(s); got != want || !ok {
			t.Errorf("Handle(%q) = %q, %v", s, got, ok)
		}
	}
	for _, s := range []string{"", "a", "-ann", "_ann", ".ann", "ann.", "an n", "ann@x", "@ ann", "@", "änn", "аnn", "a\u200bnn", "a\x00nn", "İnn", "ann\u0301", strings.Repeat("x", MaxHandle+1),
		strings.Repeat("x", 1<<16), "\xff\xffx"} {
		if got, ok := Handle(s); ok {
			t.Errorf("Handle(%q) = %q", s, got)
		}
	}
}

func TestPassword(t *testing.T) {
	nfc, nfd := "pa\u00dfw\u00f6rd!", "pa\u00dfwo\u0308rd!"
	for s, want := range map[string]string{"12345678": "12345678", " two  blanks ": " two  blanks ", nfc: nfc, nfd: nfc, "a\u00a0b\u3000c": "a b c", "ＡＢ": "ＡＢ", "Σςσ": "Σςσ"} {
		if got, ok := Password(s); got != want || !ok {
			t.Errorf("Password(%q) = %q, %v", s, got, ok)
		}
	}
	for _, s := range []string{"a\x00bcdefgh", "abc\tdefgh", "abc\u200bdefg", "abc\u202edefg", "", "\xff"} {
		if got, ok := Password(s); ok {
			t.Errorf("Password(%q) = %q", s, got)
		}
	}
	for s, want := range map[string][]string{
		"12345678": {"12345678"}, nfc: {nfc, nfd}, nfd: {nfc, nfd}, "a\u00a0b": {"a b", "a\u00a0b"}, "tab\there": {"tab\there"}, "": {""},
	} {
		if got := Passwords(s); strings.Join(got, "|") != strings.Join(want, "|") {
			t.Errorf("Passwords(%q) = %q, want %q", s, got, want)
		}
	}
}

// Quotes are cut whenever they are read.
func BenchmarkCut(b *testing.B) {
	for name, s := range map[string]string{
		"ASCII":    strings.Repeat("a quoted text ", 100),
		"emoji":    strings.Repeat("👩‍👩‍👧‍👦", 100),
		"Russian":  strings.Repeat("цитата из текста ", 50),
		"Japanese": strings.Repeat("引用された本文", 100),
		"marks":    "e" + strings.Repeat("\u0301", 8000),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				Cut(s, 200)
			}
		})
	}
}
