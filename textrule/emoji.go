package textrule

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// emojis are the fully-qualified emoji of Unicode's emoji-test.txt, version 17.0, an
// emoji and its skin tones on a line. web/bench/emoji.mjs writes it from the data of the
// page's picker.
//
//go:embed emoji.txt
var emojis string

// byPlainEmoji returns the emoji by their form without variation selectors.
var byPlainEmoji = sync.OnceValue(func() map[string]string {
	all := strings.Fields(emojis)
	m := make(map[string]string, len(all))
	for _, e := range all {
		m[withoutStyle.Replace(e)] = e
	}
	return m
})

var withoutStyle = strings.NewReplacer(string(emojiStyle), "", string(textStyle), "")

// MaxEmoji is the length in bytes of the longest emoji, with room for superfluous
// variation selectors.
const MaxEmoji = 64

// Emoji returns the fully-qualified form of an emoji; ok is false for any other text.
// Variation selectors, which keyboards set or leave out, make no difference. Skin tones
// do.
func Emoji(s string) (e string, ok bool) {
	if len(s) > MaxEmoji {
		return "", false
	}
	e, ok = byPlainEmoji()[withoutStyle.Replace(s)]
	return e, ok
}

// FirstEmoji returns the fully-qualified form of the emoji with which s begins, and its
// length in s; "" and 0 if s begins with something else.
func FirstEmoji(s string) (e string, size int) {
	cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(s[:min(len(s), MaxEmoji+utf8.UTFMax)], -1)
	e, ok := Emoji(cluster)
	if !ok {
		return "", 0
	}
	return e, len(cluster)
}

// WithoutSkinTone returns the emoji in its default colour; any other text as it is.
func WithoutSkinTone(e string) string {
	plain, ok := Emoji(skinTones.Replace(e))
	if !ok {
		return e
	}
	return plain
}

var skinTones = strings.NewReplacer("🏻", "", "🏼", "", "🏽", "", "🏾", "", "🏿", "")
