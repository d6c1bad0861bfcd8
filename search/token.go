package search

// MaxWord bounds a word, in bytes.
const MaxWord = 96

// Token is a word of a text: its folded form, its position and its range in the text, in
// bytes. Phrases are runs of positions; words that overlap may share one.
type Token struct {
	Word            string
	Pos, Start, End int
	kind            tokenKind
}

// tokenKind is how a query asks for a word.
type tokenKind byte

const (
	wordToken tokenKind = iota
	// beside: a word at the place of a longer or more exact one, as 123 in #123. A query
	// with the same text does not ask for it.
	beside
	ideographs // two that stand side by side
	lastIdeograph
	emojiToken
	filterToken
)

// Tokens returns the words of a text, in ascending order of position.
//
// A word is a run of letters, digits and marks. Of scripts that do not separate words it is
// two characters that stand side by side, at each position, and the last one alone: so any
// part of such a text is a phrase of words, or the beginning of one. An emoji is a word.
// What is written in one word has these beside it, at the position of its first: the parts
// at an apostrophe and of camelCase, the whole of parts with hyphens or of a number with
// separators, and a number, a name or a letter with its sign (#12, @ann, c++).
func Tokens(text string) []Token {
	s := scanner{text: text, parts: make([]part, 0, len(text)/5+1)}
	s.scan()
	c := composer{text: text, parts: s.parts, tokens: make([]Token, 0, len(s.parts)+4)}
	c.compose()
	return c.tokens
}
