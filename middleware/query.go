package middleware

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"parley/chat"
)

// Query refuses a request with a malformed query. Handlers would take it for one
// without the parameter, which can mean all entries instead of none.
func Query(fail Fail) Middleware {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := checkQuery(r.URL.RawQuery); err != nil {
				fail(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// checkQuery checks that the parameters of a query are well-formed UTF-8 and that each
// occurs once. Its error names the parameter.
func checkQuery(query string) error {
	if query == "" {
		return nil
	}
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(query, "&") {
		if pair == "" {
			continue
		}
		name, value, _ := strings.Cut(pair, "=")
		name, err := url.QueryUnescape(name)
		if err != nil || name == "" || !utf8.ValidString(name) || strings.Contains(name, ";") {
			return chat.FailField(chat.BadInput, "query", "the query is not of the form name=value&name=value")
		}
		value, err = url.QueryUnescape(value)
		switch {
		case err != nil || !utf8.ValidString(value):
			return chat.FailField(chat.BadInput, name, "%s is not escaped as a value of the query", name)
		case strings.Contains(pair, ";"): // net/url ignores such a pair
			return chat.FailField(chat.BadInput, name, "%s has a semicolon, which must be written %%3B", name)
		case seen[name]:
			return chat.FailField(chat.BadInput, name, "%s is there more than once", name)
		}
		seen[name] = true
	}
	return nil
}
