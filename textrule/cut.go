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
	// Between two ASCII characters, other than CR LF, a cluster ends: segmentation begins
	// at the last such place. Most texts are cut there.
	from := limit
	for from > 0 && (s[from-1] >= utf8.RuneSelf || s[from] >= utf8.RuneSelf || s[from] == '\n') {
		from--
	}
	for {
		cluster, _, _, _ := uniseg.FirstGraphemeClusterInString(s[from:], -1)
		if from+len(cluster) > limit {
			break
		}
		from += len(cluster)
	}
	if from > 0 {
		return s[:from]
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
