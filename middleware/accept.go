package middleware

import (
	"iter"
	"net/http"
	"strconv"
	"strings"
)

// maxAccept bounds an Accept or Accept-Encoding header that is parsed, in bytes.
const maxAccept = 512

// Accepted yields the names in a header with weights (RFC 9110, section 12.4.2), in
// lower case and without parameters, each with its weight from 0 to 1. It skips names
// whose weight is not a number, and yields nothing for a header that is too long.
func Accepted(values []string) iter.Seq2[string, float64] {
	return func(yield func(string, float64) bool) {
		header := strings.Join(values, ",")
		if len(header) > maxAccept {
			return
		}
		for part := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(part, ";")
			name = strings.ToLower(strings.TrimSpace(name))
			if weight, ok := weight(params); ok && name != "" && !yield(name, weight) {
				return
			}
		}
	}
}

// weight returns the value of the parameter q, 1 without one.
func weight(params string) (w float64, ok bool) {
	for p := range strings.SplitSeq(params, ";") {
		name, value, _ := strings.Cut(p, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		w, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		return w, err == nil && w >= 0 && w <= 1
	}
	return 1, true
}

// ContentEncoding returns the encoding with the greatest weight in an Accept-Encoding
// header: "zstd" (also for equal weights), "gzip", or "" for none (RFC 9110, section
// 12.5.3). Where the header does not weigh identity, it is the last choice.
func ContentEncoding(h http.Header) string {
	const unset = -1
	zstd, gzip, identity, others := float64(unset), float64(unset), 0.0, 0.0
	for name, w := range Accepted(h["Accept-Encoding"]) {
		switch name {
		case "zstd":
			zstd = w
		case "gzip":
			gzip = w
		case "identity":
			identity = w
		case "*":
			others = w
		}
	}
	if zstd == unset {
		zstd = others
	}
	if gzip == unset {
		gzip = others
	}
	switch {
	case zstd > 0 && zstd >= gzip && zstd >= identity:
		return "zstd"
	case gzip > 0 && gzip >= identity:
		return "gzip"
	}
	return ""
}
