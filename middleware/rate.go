package middleware

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is so many in so long. N 0 is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// MaxRate bounds N, so that no sum of it overflows.
const MaxRate = 1_000_000_000

// UnmarshalText reads "100/15m" (a count, a slash, a Go duration) or "off".
func (r *Rate) UnmarshalText(text []byte) error {
	s := string(text)
	if s == "off" {
		*r = Rate{}
		return nil
	}
	count, per, _ := strings.Cut(s, "/")
	n, err := strconv.Atoi(count)
	d, err2 := time.ParseDuration(per)
	// A window below a millisecond, or more calls than it has nanoseconds, has
	// no meaning that a client could keep to.
	if err != nil || err2 != nil || n < 1 || n > MaxRate || d < time.Millisecond || time.Duration(n) > d {
		return fmt.Errorf("%q is no rate: write a count and a time such as 100/15m, or off", s)
	}
	*r = Rate{N: n, Per: d}
	return nil
}

// String is the form that UnmarshalText reads.
func (r Rate) String() string {
	if r.N == 0 {
		return "off"
	}
	per := r.Per.String()
	if strings.HasSuffix(per, "m0s") {
		per = strings.TrimSuffix(per, "0s")
	}
	if strings.HasSuffix(per, "h0m") {
		per = strings.TrimSuffix(per, "0m")
	}
	return strconv.Itoa(r.N) + "/" + per
}
