package middleware

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Rate is a limit of N in the time Per. N 0 means no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// MaxRate bounds N, so that no sum overflows.
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
	// No client could comply with a window below a millisecond, or with more calls than
	// the window has nanoseconds.
	if err != nil || err2 != nil || n < 1 || n > MaxRate || d < time.Millisecond || time.Duration(n) > d {
		return fmt.Errorf("%q is not a rate: write a count and a time such as 100/15m, or off", s)
	}
	*r = Rate{N: n, Per: d}
	return nil
}

// String returns the form that UnmarshalText reads.
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
