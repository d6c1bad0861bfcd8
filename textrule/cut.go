package textrule

import (
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Cut returns the beginning of s, at most limit bytes of whole grapheme clusters. Of a
// first cluster that is longer than limit it returns whole code points.
func Cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	if limit <= 0 {
		return ""
	}
	whole := limit // where a code point ends
	for whole > 0 && !utf8.RuneStart(s[whole]) {
		whole--
	}
	// Segmentation begins where a cluster certainly ends: most texts are cut there.
	from := whole
	for from > 0 {
		last, size := utf8.DecodeLastRuneInString(s[:from])
		if next, _ := utf8.DecodeRuneInString(s[from:]); separate(last) && separate(next) {
			break
		}
		from -= size
	}
	end := min(len(s), limit+utf8.UTFMax) // no more decides where a cluster ends
	for from < limit {
		cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(s[from:end], -1)
		if from+len(cluster) > limit {
			break
		}
		from += len(cluster)
	}
	if from == 0 {
		return s[:whole]
	}
	return s[:from]
}

// separate reports whether r is of those, by far the most frequent in texts, of which two
// beside each other belong to two clusters. It leaves out all that joins.
func separate(r rune) bool {
	switch {
	case r < 0x300:
		return r >= ' ' && r != 0x7f && r != 0xad && (r < 0x80 || r >= 0xc0)
	case r < 0x483: // Greek, Cyrillic
		return r >= 0x370
	case r < 0xa000: // kana, Han
		return r >= 0x3041 && r <= 0x3096 || r >= 0x30a1 && r <= 0x30fa || r >= 0x4e00
	}
	return false
}
