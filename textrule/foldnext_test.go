package textrule

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func foldAll(s string) string {
	var b strings.Builder
	for s != "" {
		folded, size := FoldNext(s)
		b.WriteString(folded)
		s = s[size:]
	}
	return b.String()
}

func TestFoldNext(t *testing.T) {
	for _, c := range [][2]string{
		{"كتـــاب", "كتاب"}, {"مدرسة", "مدرسه"}, {"علی", "على"}, {"على", "علي"}, {"کتاب", "كتاب"}, {"ٱلله", "الله"}, {"إيمان", "ايمان"}, {"مؤمن", "مومن"}, {"مُحَمَّد", "محمد"},
		{"١٢٣", "123"}, {"۱۲۳", "123"}, {"४२", "42"}, {"４２", "42"}, {"𝟜𝟚", "42"}, {"๔๒", "42"}, {"②", "2"},
		{"Jose\u0301", "josé"}, {"Straße", "STRASSE"}, {"İstanbul", "ISTANBUL"}, {"ısı", "ISI"}, {"ΟΔΟΣ", "οδος"}, {"ｶﾞ", "ガ"}, {"한글", "\u1112\u1161\u11ab\u1100\u1173\u11af"},
		{"co\u00adop", "coop"}, {"ﬁn", "fin"}, {"㍻", "平成"},
	} {
		if foldAll(c[0]) != foldAll(c[1]) {
			t.Errorf("%q is %q, %q is %q", c[0], foldAll(c[0]), c[1], foldAll(c[1]))
		}
	}
	for _, c := range [][2]string{{"が", "か"}, {"हिंदी", "हदी"}, {"١", "2"}, {"ه", "ي"}} {
		if foldAll(c[0]) == foldAll(c[1]) {
			t.Errorf("%q and %q are both %q", c[0], c[1], foldAll(c[0]))
		}
	}
	for r := range unicode.MaxRune {
		if unicode.Is(unicode.Nd, r) && (len(foldAll(string(r))) != 1 || foldAll(string(r))[0] < '0' || foldAll(string(r))[0] > '9') {
			t.Errorf("%U is %q", r, foldAll(string(r)))
		}
	}
}

func FuzzFoldNext(f *testing.F) {
	for _, s := range []string{"José", "e\u0301", "ﷺ", "ｶﾞ", "\xff", "\u0301", "각", "٣ة"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		folded, size := FoldNext(s)
		if s != "" && size < 1 || size > len(s) || !utf8.ValidString(folded) || len(folded) > MaxFold*size {
			t.Errorf("FoldNext(%q) = %q, %d", s, folded, size)
		}
		if again := foldAll(folded); again != folded {
			t.Errorf("FoldNext(%q) = %q, and of that %q", s, folded, again)
		}
	})
}

func TestFirstEmoji(t *testing.T) {
	for s, want := range map[string]string{"👍 yes": "👍", "👍🏽": "👍🏽", "❤ x": "❤️", "👩‍💻x": "👩‍💻", "🇩🇪🇫🇷": "🇩🇪", "1️⃣2": "1️⃣", "x👍": "", "": "", "字": "", "★": "", "🏽": ""} {
		e, size := FirstEmoji(s)
		if e != want || (size == 0) != (want == "") || size > 0 && !strings.HasPrefix(s, s[:size]) {
			t.Errorf("FirstEmoji(%q) = %q, %d", s, e, size)
		}
	}
	for s, want := range map[string]string{"👍🏽": "👍", "👍": "👍", "👩🏽‍💻": "👩‍💻", "x": "x", "✌🏽": "✌️"} {
		if got := WithoutSkinTone(s); got != want {
			t.Errorf("WithoutSkinTone(%q) = %q, want %q", s, got, want)
		}
	}
}
