package main

import (
	"fmt"
	"html"
	"os"
	"slices"
	"strings"
)

// chart is a bar chart of figures, one for each server or for each size.
type chart struct {
	file, title, scenario string
	bars                  []bar
}

// bar is a figure and its label in the chart.
type bar struct{ server, what, label string }

// perServer returns bars with the same figure of each server.
func perServer(what string, servers ...string) (bars []bar) {
	for _, s := range servers {
		bars = append(bars, bar{s, what, s})
	}
	return bars
}

var allServers = []string{"parley", "node", "centrifuge", "centrifuge 10ms"}

var charts = []chart{
	{"room-deliveries", "One chat of 1,000: maximum deliveries a second at p99 ≤ 100 ms", "room", perServer(maxDeliveries, allServers...)},
	{"room-cpu", "One chat of 1,000, 20 messages a second: µs of CPU for a delivery", "room", perServer(quietCPU, allServers...)},
	{"rooms-cpu", "50 chats of 20, 5 messages a second each: µs of CPU for a delivery", "rooms", perServer("CPU per delivery", allServers...)},
	{"idle-memory", "10,000 idle connections in 10 chats each: KB for a connection", "idle", perServer(idleMemory, allServers[:3]...)},
	{"scale-cpu", "20,000 deliveries a second to chats of different sizes: µs of CPU for a delivery", "scale", []bar{
		{"parley", scaleCPU(10), "10 members"}, {"parley", scaleCPU(100), "100"},
		{"parley", scaleCPU(1000), "1,000"}, {"parley", scaleCPU(10_000), "10,000"}}},
}

// The colours are distinguishable on a white and on a black background.
const style = `<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 } .axis, .whisker { stroke: #57606a; fill: none }
.ours { fill: #2f81f7 } .theirs { fill: #8b949e }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } .axis, .whisker { stroke: #9198a1 } }
</style>
`

// svg returns the chart as SVG: each bar shows the median, its whisker the range. It
// returns "" if no figure was measured.
func (c chart) svg(r *record) string {
	const left, width, right, row, top = 130, 420, 90, 30, 34
	var figures []*figure
	highest := 0.0
	for _, b := range c.bars {
		f := r.find(c.scenario, b.server, b.what)
		figures = append(figures, f)
		if f != nil {
			highest = max(highest, slices.Max(f.Values))
		}
	}
	if highest == 0 {
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
		at := func(v float64) float64 { return left + width*v/highest }
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

// writeCharts writes every chart with a measured figure into a folder.
func (r *record) writeCharts(dir string) error {
	for _, c := range charts {
		if svg := c.svg(r); svg != "" {
			if err := os.WriteFile(dir+"/performance-"+c.file+".svg", []byte(svg), 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}
