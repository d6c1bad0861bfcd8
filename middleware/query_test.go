package middleware

import (
	"errors"
	"net/url"
	"testing"

	"parley/chat"
)

// What passes is read by net/url as it was checked.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{"", "a=1", "a=1&a=2", "a=%", "%ZZ=1", "a;b=1", "a=1;2", "=1", "&&", "a=%ff", "a=%3B", "a+b=c+d", "a"} {
		f.Add(q)
	}
	f.Fuzz(func(t *testing.T, query string) {
		if err := checkQuery(query); err != nil {
			if e := (*chat.Error)(nil); !errors.As(err, &e) || e.Code != chat.BadInput || e.Field == "" {
				t.Errorf("%q: %v", query, err)
			}
			return
		}
		values, err := url.ParseQuery(query)
		if err != nil {
			t.Errorf("%q passes, but %v", query, err)
		}
		for name, all := range values {
			if len(all) != 1 {
				t.Errorf("%q has %s %d times", query, name, len(all))
			}
		}
	})
}
