package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// figure is one measurement of one server, with a value for each repeat.
type figure struct {
	Scenario string    `json:"scenario"`
	Server   string    `json:"server"`
	What     string    `json:"what"`
	Unit     string    `json:"unit"`
	Values   []float64 `json:"values"`
}

// record is the result of a run: the environment and all figures in order.
type record struct {
	Environment map[string]string `json:"environment"`
	Figures     []*figure         `json:"figures"`
}

// add adds a value to a figure and prints it.
func (r *record) add(scenario, server, what, unit string, v float64) {
	fmt.Printf("  %-16s %-46s %s\n", server, what, strings.TrimSpace(digits(v)+" "+unit))
	f := r.find(scenario, server, what)
	if f == nil {
		f = &figure{Scenario: scenario, Server: server, What: what, Unit: unit}
		r.Figures = append(r.Figures, f)
	}
	f.Values = append(f.Values, v)
}

// checkpoint returns a function that removes all values added after the call.
func (r *record) checkpoint() (undo func()) {
	counts := map[*figure]int{}
	for _, f := range r.Figures {
		counts[f] = len(f.Values)
	}
	return func() {
		r.Figures = slices.DeleteFunc(r.Figures, func(f *figure) bool {
			f.Values = f.Values[:counts[f]]
			return len(f.Values) == 0
		})
	}
}

// addLatency adds the usual quantiles of a histogram of microseconds.
func (r *record) addLatency(scenario, server, what string, h *hdrhistogram.Histogram) {
	for _, q := range []struct {
		name string
		at   float64
	}{{"p50", 50}, {"p99", 99}, {"p99.9", 99.9}, {"max", 100}} {
		r.add(scenario, server, what+", "+q.name, "ms", float64(h.ValueAtQuantile(q.at))/1000)
	}
}

func (r *record) find(scenario, server, what string) *figure {
	for _, f := range r.Figures {
		if f.Scenario == scenario && f.Server == server && f.What == what {
			return f
		}
	}
	return nil
}

// median returns the median of the repeats.
func (f *figure) median() float64 {
	v := slices.Sorted(slices.Values(f.Values))
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}

// spread returns the range of the repeats as text; "" if all are equal.
func (f *figure) spread() string {
	low, high := digits(slices.Min(f.Values)), digits(slices.Max(f.Values))
	if low == high {
		return ""
	}
	return low + "–" + high
}

// digits formats a number with three digits and with commas between thousands.
func digits(v float64) string {
	if v == 0 {
		return "0"
	}
	places := max(0, 2-int(math.Floor(math.Log10(math.Abs(v)))))
	if v == math.Trunc(v) {
		places = 0
	}
	if places == 0 && math.Abs(v) >= 10_000 {
		step := math.Pow(10, math.Floor(math.Log10(math.Abs(v)))-2)
		v = math.Round(v/step) * step
	}
	s := strconv.FormatFloat(v, 'f', places, 64)
	for i := len(s); places == 0 && i > 3 && s[i-4] != '-'; i -= 3 {
		s = s[:i-3] + "," + s[i-3:]
	}
	return s
}

// table prints all figures.
func (r *record) table() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nscenario\tserver\twhat\tmedian\tunit\tspread")
	for _, f := range r.Figures {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", f.Scenario, f.Server, f.What, digits(f.median()), f.Unit, f.spread())
	}
	_ = w.Flush()
}

// write writes the record as JSON.
func (r *record) write(path string) error {
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, '\n'), 0o644)
}
