package main

import (
	"fmt"
	"html"
	"os"
	"slices"
	"strings"
)

// chart is a picture of some figures side by side, one of each server or one of
// each size.
type chart struct {
	file, title, scenario string
	bars                  []bar
}

// bar names a figure and what to call it in the picture.
type bar struct{ server, what, label string }

// of draws the same figure of each server.
func of(what string, servers ...string) (bars []bar) {
	for _, s := range servers {
		bars = append(bars, bar{s, what, s})
	}
	return bars
}

var everybody = []string{"parley", "node", "centrifuge", "centrifuge 10ms"}

var charts = []chart{
	{"room-deliveries", "One chat of 1,000: most deliveries a second at p99 ≤ 100 ms", "room", of(mostDeliveries, everybody...)},
	{"room-cpu", "One chat of 1,000, 20 messages a second: µs of CPU for a delivery", "room", of(quietCPU, everybody...)},
	{"rooms-cpu", "50 chats of 20, 5 messages a second each: µs of CPU for a delivery", "rooms", of("CPU per delivery", everybody...)},
	{"idle-memory", "10,000 idle connections in 10 chats each: KB for a connection", "idle", of(idleMemory, everybody[:3]...)},
	{"scale-cpu", "20,000 deliveries a second to chats of different sizes: µs of CPU for a delivery", "scale", []bar{
		{"parley", scaleCPU(10), "10 members"}, {"parley", scaleCPU(100), "100"},
		{"parley", scaleCPU(1000), "1,000"}, {"parley", scaleCPU(10_000), "10,000"}}},
}

// Colours that can be told apart on white and on black.
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .axis, .whisker { stroke: #57606a; fill: none }
.ours { fill: #2f81f7 } .theirs { fill: #8b949e }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .axis, .whisker { stroke: #9198a1 } }
</style>
`

// draw gives the picture as SVG: a bar to the median, a whisker over the spread.
// It gives "" for figures that were not measured.
func (c chart) draw(r *record) string {
	const left, width, right, row, top = 130, 420, 90, 30, 34
	var figures []*figure
	most := 0.0
	for _, b := range c.bars {
		f := r.find(c.scenario, b.server, b.what)
		figures = append(figures, f)
		if f != nil {
			most = max(most, slices.Max(f.Values))
		}
	}
	if most == 0 {
		return ""
	}
	height := top + row*len(c.bars) + 8
	var s strings.Builder
	fmt.Fprintf(&s, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%[1]d" height="%[2]d" role="img" aria-label="%s">`+"\n%s",
		left+width+right, height, html.EscapeString(c.title), style)
	fmt.Fprintf(&s, `<text class="title" x="8" y="20">%s</text>`+"\n", html.EscapeString(c.title))
	for i, f := range figures {
		y := top + row*i
		fmt.Fprintf(&s, `<text x="%d" y="%d" text-anchor="end">%s</text>`+"\n", left-8, y+19, html.EscapeString(c.bars[i].label))
		if f == nil {
			fmt.Fprintf(&s, `<text x="%d" y="%d">not measured</text>`+"\n", left+8, y+19)
			continue
		}
		at := func(v float64) float64 { return left + width*v/most }
		class := "theirs"
		if f.Server == "parley" {
			class = "ours"
		}
		fmt.Fprintf(&s, `<rect class="%s" x="%d" y="%d" width="%.1f" height="%d" rx="2"/>`+"\n", class, left, y+4, at(f.median())-left, row-10)
		low, high := at(slices.Min(f.Values)), at(slices.Max(f.Values))
		fmt.Fprintf(&s, `<path class="whisker" d="M%.1f %d H%.1f M%[1]f %[4]d V%[5]d M%[3]f %[4]d V%[5]d"/>`+"\n", low, y+14, high, y+10, y+18)
		fmt.Fprintf(&s, `<text x="%.1f" y="%d">%s</text>`+"\n", high+6, y+19, digits(f.median()))
	}
	fmt.Fprintf(&s, `<path class="axis" d="M%d %d V%d"/>`+"\n</svg>\n", left, top, height-4)
	return s.String()
}

// pictures writes every chart that was measured beside the page.
func (r *record) pictures(dir string) error {
	for _, c := range charts {
		if svg := c.draw(r); svg != "" {
			if err := os.WriteFile(dir+"/performance-"+c.file+".svg", []byte(svg), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
