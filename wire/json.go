package wire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// encodeJSON appends v and a line feed.
func encodeJSON(dst []byte, v any) ([]byte, error) {
	w := appender{dst}
	e := json.NewEncoder(&w)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return w.b, err
}

// checkBody checks that b is one JSON value and returns it.
func checkBody(b []byte) ([]byte, error) { return b, checkJSON(b) }

// checkLine returns the first line of b that is not blank, and checks that it is one
// JSON value. rest is empty when only blank lines follow.
func checkLine(b []byte) (value, rest []byte, err error) {
	line, rest, _ := bytes.Cut(trim(b), []byte{'\n'})
	if err := checkJSON(line); err != nil {
		return nil, nil, err
	}
	return line, rest, nil
}

// checkJSON checks that b is one JSON value (RFC 8259) in UTF-8, nested at most
// maxDepth deep. encoding/json alone would replace bad bytes silently and accept
// 10,000 levels.
func checkJSON(b []byte) error {
	if !utf8.Valid(b) {
		return fmt.Errorf("%w: not UTF-8", ErrMalformed)
	}
	depth := 0
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '"':
			i += stringLen(b[i:]) - 1
		case '{', '[':
			if depth++; depth > maxDepth {
				return fmt.Errorf("%w: nested deeper than %d", ErrMalformed, maxDepth)
			}
		case '}', ']':
			depth--
		}
	}
	if !json.Valid(b) {
		return fmt.Errorf("%w: not a JSON value", ErrMalformed)
	}
	return nil
}

// stringLen returns the length of the string that b begins with, quotes included, or
// the length of b if the string has no end.
func stringLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// readItemJSON reads the first item of bytes that checkJSON accepted, and the separators
// before it.
func readItemJSON(b []byte) (it item, rest []byte) {
	b = bytes.TrimLeft(b, " \t\r\n,:")
	switch b[0] {
	case '"':
		end := stringLen(b)
		it.kind, it.text = kindString, b[1:end-1]
		if bytes.IndexByte(it.text, '\\') >= 0 {
			var s string
			_ = json.Unmarshal(b[:end], &s) // cannot fail: the bytes are checked
			if halfSurrogate(it.text) {
				s = "\xff" // no UTF-8, as in a MessagePack string
			}
			it.text = []byte(s)
		}
		return it, b[end:]
	case '{', '[':
		it.kind = kindList
		if b[0] == '{' {
			it.kind = kindMap
		}
		end := containerLen(b)
		it.body = trim(b[1 : end-1])
		return it, b[end:]
	}
	end := bytes.IndexAny(b, " \t\r\n,]}")
	if end < 0 {
		end = len(b)
	}
	word := b[:end]
	switch word[0] {
	case 'n':
	case 't', 'f':
		it.kind, it.boolean = kindBool, word[0] == 't'
	default:
		it.neg = word[0] == '-'
		n, err := strconv.ParseUint(string(bytes.TrimPrefix(word, []byte{'-'})), 10, 64)
		it.kind, it.n = kindInt, n
		if err != nil {
			it.kind = kindFloat
		}
	}
	return it, b[end:]
}

// halfSurrogate reports whether checked JSON has an escape of half a surrogate pair, such
// as \ud800. No UTF-8 expresses one, and encoding/json replaces it silently.
func halfSurrogate(b []byte) bool {
	for i := bytes.IndexByte(b, '\\'); i >= 0 && i < len(b); i++ {
		r, n := unicodeEscape(b[i:])
		if utf16.IsSurrogate(r) {
			low, m := unicodeEscape(b[i+n:])
			if utf16.DecodeRune(r, low) == utf8.RuneError {
				return true
			}
			n += m
		}
		i += n - 1
	}
	return false
}

// unicodeEscape returns the value of the \u escape that checked JSON begins with, else 0, and
// the length of what it begins with: an escape or one byte.
func unicodeEscape(b []byte) (r rune, n int) {
	switch {
	case len(b) < 2 || b[0] != '\\':
		return 0, 1
	case b[1] != 'u':
		return 0, 2
	}
	v, _ := strconv.ParseUint(string(b[2:6]), 16, 32) // cannot fail: the bytes are checked
	return rune(v), 6
}

// containerLen returns the length of the list or map that b begins with.
func containerLen(b []byte) int {
	depth := 0
	for i := 0; ; i++ {
		switch b[i] {
		case '"':
			i += stringLen(b[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
}
