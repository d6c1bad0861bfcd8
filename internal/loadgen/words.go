package main

import (
	"math"
	"math/rand/v2"
	"sort"
	"strings"
)

// words makes texts with the frequencies of a language: the n-th word occurs 1/(n+3) as
// often as the first one.
type words struct {
	r    *rand.Rand
	list []string
	sum  []float64
}

// foreign is a word that only chats have in which the searching user is not.
const foreign = "xforeign"

var han = []rune("日本語東京大阪会議明天時間中国北京上海学校電話番号")

func newWords() *words {
	w := &words{r: rand.New(rand.NewPCG(7, 11))}
	const consonants, vowels = "bcdfghklmnprstvw", "aeiou"
	seen := map[string]bool{}
	for len(w.list) < 50_000 {
		var b strings.Builder
		for range 1 + int(math.Log2(float64(len(w.list)+2)))/4 + w.r.IntN(2) {
			b.WriteByte(consonants[w.r.IntN(len(consonants))])
			b.WriteByte(vowels[w.r.IntN(len(vowels))])
			if w.r.IntN(2) == 0 {
				b.WriteByte(consonants[w.r.IntN(len(consonants))])
			}
		}
		if word := b.String(); !seen[word] {
			seen[word] = true
			w.list = append(w.list, word)
		}
	}
	sum := 0.0
	for i := range w.list {
		sum += 1 / float64(i+3)
		w.sum = append(w.sum, sum)
	}
	return w
}

// pick returns an index with the weights whose running sums are given.
func pick(r *rand.Rand, sums []float64) int {
	return sort.SearchFloat64s(sums, r.Float64()*sums[len(sums)-1])
}

// text returns a text of about 150 bytes; one of 20 is Japanese, as far as its characters go.
func (w *words) text(withForeign bool) string {
	var b strings.Builder
	length := min(40+int(w.r.ExpFloat64()*110), 1000)
	if w.r.IntN(20) == 0 {
		for b.Len() < length {
			b.WriteRune(han[min(w.r.IntN(len(han)), w.r.IntN(len(han)))])
		}
		return b.String()
	}
	for b.Len() < length {
		b.WriteString(w.list[pick(w.r, w.sum)])
		b.WriteByte(' ')
	}
	if withForeign && w.r.IntN(9) == 0 {
		b.WriteString(foreign)
	}
	return strings.TrimSpace(b.String())
}

// common returns a word of about a tenth of the texts, rare one of few.
func (w *words) common() string { return w.list[5+w.r.IntN(12)] }
func (w *words) rare() string   { return w.list[40_000+w.r.IntN(10_000)] }
