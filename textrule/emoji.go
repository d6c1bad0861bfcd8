package textrule

import (
	_ "embed"
	"strings"
	"sync"
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
