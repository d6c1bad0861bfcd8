package textrule

import (
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// FoldNext returns the folded form of the first character of s, with its marks, and its
// length in s. The form may be empty, and may have several characters.
//
// It folds more than Fold, since words of texts are no names: the digits of every script
// are 0 to 9, and Arabic letters that keyboards and spellings exchange are one.
func FoldNext(s string) (folded string, size int) {
	if s == "" {
		return "", 0
	}
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError && size == 1 {
		return "\ufffd", 1
	}
	if end := norm.NFKC.NextBoundaryInString(s, true); end > size {
		return foldText(s[:end]), end
	}
	return foldRune(r), size
}

// foldPages caches the folded forms of the characters of the first plane, by their upper
// byte. A page is made when it is first used.
var foldPages [256]atomic.Pointer[[256]string]

func foldRune(r rune) string {
	if r > 0xffff {
		return foldText(string(r))
	}
	page := foldPages[r>>8].Load()
	if page == nil {
		page = new([256]string)
		for i := range page {
			page[i] = foldText(string(r&^0xff | rune(i)))
		}
		foldPages[r>>8].Store(page)
	}
	return page[r&0xff]
}

func foldText(s string) string {
	return strings.Map(digit, arabicVariants.Replace(Fold(s)))
}

// arabicVariants has tatweel, the line by which words are stretched, and the letters that
// are written for each other in Arabic, Persian, Urdu and Kurdish.
var arabicVariants = strings.NewReplacer("ـ", "", "ٱ", "ا", "ى", "ي", "ی", "ي", "ې", "ي", "ک", "ك", "ڪ", "ك", "ة", "ه", "ہ", "ه", "ە", "ه")

// digit returns the digit 0 to 9 for one of another script, and any other character as it
// is. Unicode has digits in blocks of ten.
func digit(r rune) rune {
	if r < 0x80 || !unicode.Is(unicode.Nd, r) {
		return r
	}
	for _, t := range unicode.Nd.R16 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	for _, t := range unicode.Nd.R32 {
		if rune(t.Lo) <= r && r <= rune(t.Hi) {
			return '0' + (r-rune(t.Lo))%10
		}
	}
	return r
}
