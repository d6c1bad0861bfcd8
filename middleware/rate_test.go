package middleware

import (
	"testing"
	"time"
)

func TestRateText(t *testing.T) {
	for text, want := range map[string]Rate{
		"100/15m":  {100, 15 * time.Minute},
		"1200/1m":  {1200, time.Minute},
		"20/10s":   {20, 10 * time.Second},
		"5/1h":     {5, time.Hour},
		"5/1h0m1s": {5, time.Hour + time.Second},
		"1/500ms":  {1, 500 * time.Millisecond},
		"off":      {},
	} {
		var r Rate
		if err := r.UnmarshalText([]byte(text)); err != nil || r != want {
			t.Errorf("%q: %v, %v", text, r, err)
		}
		if r.String() != text {
			t.Errorf("%q is written %q", text, r)
		}
	}
	for _, text := range []string{"", "100", "/", "100/", "/15m", "0/1m", "-1/1m", "1/0s", "1/-1m", "1/1ns", "x/1m", "1/x",
		"100/15", "2000000000/1h", "OFF", "1/1m ", "9999999999999999999/1m"} {
		r := Rate{7, time.Second}
		if err := r.UnmarshalText([]byte(text)); err == nil || r != (Rate{7, time.Second}) {
			t.Errorf("%q was taken as %v", text, r)
		}
	}
}

func TestSizeText(t *testing.T) {
	for text, want := range map[string]Size{"1": 1, "1000": 1000, "16KiB": 16 << 10, "1MiB": 1 << 20, "3GiB": 3 << 30, "1023": 1023} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: %d, %v", text, s, err)
		}
		if s.String() != text {
			t.Errorf("%q is written %q", text, s)
		}
	}
	for _, text := range []string{"", "KiB", "0", "-1", "+1", "1.5MiB", "1 MiB", "1KB", "1kib", "9223372036854775807KiB", "99999999999999999999", "off", "1MiBKiB"} {
		s := Size(7)
		if err := s.UnmarshalText([]byte(text)); err == nil || s != 7 {
			t.Errorf("%q was taken as %d", text, s)
		}
	}
}

func FuzzRate(f *testing.F) {
	f.Add("100/15m")
	f.Add("off")
	f.Fuzz(func(t *testing.T, text string) {
		var r, again Rate
		if r.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(r.String())); err != nil || again != r {
			t.Errorf("%q: %v is written %q: %v", text, r, r.String(), err)
		}
	})
}

func FuzzSize(f *testing.F) {
	f.Add("16KiB")
	f.Add("1023")
	f.Fuzz(func(t *testing.T, text string) {
		var s, again Size
		if s.UnmarshalText([]byte(text)) != nil {
			return
		}
		if err := again.UnmarshalText([]byte(s.String())); err != nil || again != s || s < 1 {
			t.Errorf("%q: %d is written %q: %v", text, s, s.String(), err)
		}
	})
}
