package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report writes performance.json, the pictures, and the tables of performance.md
// between its markers, all in one folder. Scenarios that were not run keep what
// the JSON file has of them.
func (r *record) report(dir string) error {
	var old record
	b, err := os.ReadFile(filepath.Join(dir, "performance.json"))
	if err == nil {
		err = json.Unmarshal(b, &old)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r.keep(old.Figures)
	page, err := os.ReadFile(filepath.Join(dir, "performance.md"))
	if err != nil {
		return err
	}
	text, err := r.fill(string(page))
	if err != nil {
		return err
	}
	return errors.Join(r.write(filepath.Join(dir, "performance.json")), r.pictures(dir),
		os.WriteFile(filepath.Join(dir, "performance.md"), []byte(text), 0o644))
}

// keep takes over the figures of scenarios that were not run, all of each.
func (r *record) keep(old []*figure) {
	run := r.Figures
	for _, f := range old {
		if !slices.ContainsFunc(run, func(mine *figure) bool { return mine.Scenario == f.Scenario }) {
			r.Figures = append(r.Figures, f)
		}
	}
}

var marker = regexp.MustCompile(`(?s)<!-- begin (\w+) -->\n.*?<!-- end -->`)

// fill puts what was measured between the markers of a page.
func (r *record) fill(page string) (string, error) {
	var err error
	page = marker.ReplaceAllStringFunc(page, func(block string) string {
		name := marker.FindStringSubmatch(block)[1]
		var body string
		switch {
		case name == "machine":
			body = r.about()
		case name == "goals":
			body = r.goals()
		case slices.ContainsFunc(scenarios, func(s scenario) bool { return s.name == name }):
			body = r.markdown(name)
		default:
			err = fmt.Errorf("performance.md: there is nothing to put at %s", name)
		}
		if body == "" {
			return block // not measured
		}
		return "<!-- begin " + name + " -->\n" + body + "<!-- end -->"
	})
	return page, err
}

// markdown is a scenario's figures: a row for each, a column for each server.
func (r *record) markdown(scenario string) string {
	var servers, rows []string
	units := map[string]string{}
	for _, f := range r.Figures {
		if f.Scenario != scenario {
			continue
		}
		if !slices.Contains(servers, f.Server) {
			servers = append(servers, f.Server)
		}
		if !slices.Contains(rows, f.What) {
			rows = append(rows, f.What)
			units[f.What] = f.Unit
		}
	}
	if len(rows) == 0 {
		return ""
	}
	s := "| | " + strings.Join(servers, " | ") + " |\n|---|" + strings.Repeat("---:|", len(servers)) + "\n"
	for _, what := range rows {
		s += "| " + strings.TrimSpace(what+", "+units[what]) + " |"
		for _, server := range servers {
			cell := "–"
			if f := r.find(scenario, server, what); f != nil {
				cell = digits(f.median())
				if spread := f.spread(); spread != "" {
					cell += " (" + spread + ")"
				}
			}
			s += " " + cell + " |"
		}
		s += "\n"
	}
	s = strings.ReplaceAll(s, ", |", " |") // what has no unit
	for _, c := range charts {
		if c.scenario == scenario && c.draw(r) != "" {
			s += fmt.Sprintf("\n![%s](performance-%s.svg)\n", c.title, c.file)
		}
	}
	return s
}

func (r *record) value(scenario, server, what string) float64 {
	if f := r.find(scenario, server, what); f != nil {
		return f.median()
	}
	return math.NaN()
}

// goals says of each whether it is met.
func (r *record) goals() string {
	s := "| | goal | measured | |\n|---|---:|---:|---|\n"
	for _, g := range goals {
		sign, measured, met := "≤", "not measured", ""
		if g.least {
			sign = "≥"
		}
		if v := g.value(r); !math.IsNaN(v) {
			measured, met = strings.TrimSpace(digits(v)+" "+g.unit), "missed"
			if g.met(v) {
				met = "met"
			}
		}
		s += fmt.Sprintf("| %s | %s | %s | %s |\n", g.figure, strings.TrimSpace(sign+" "+g.limit()+" "+g.unit), measured, met)
	}
	return s
}

// about says where and with what.
func (r *record) about() string {
	s := "| | |\n|---|---|\n"
	for _, key := range []string{"date", "processor", "memory", "kernel", "Parley", "Go", "Node.js", "Socket.IO", "centrifuge", "repeats"} {
		if v := r.Machine[key]; v != "" {
			s += "| " + key + " | " + v + " |\n"
		}
	}
	return s
}

// look fills in the machine and the versions.
func (b *bench) look(peers string) {
	read := func(path, pattern string) string {
		text, _ := os.ReadFile(path)
		if m := regexp.MustCompile(pattern).FindSubmatch(text); m != nil {
			return string(m[1])
		}
		return ""
	}
	say := func(name string, args ...string) string {
		out, _ := exec.Command(name, args...).Output()
		return strings.TrimSpace(string(out))
	}
	b.Machine = map[string]string{
		"date":      time.Now().UTC().Format(time.DateOnly),
		"processor": fmt.Sprintf("%s, %d cores that servers and load share", read("/proc/cpuinfo", `model name\s*: (.*)`), runtime.NumCPU()),
		"memory":    read("/proc/meminfo", `MemTotal:\s*(\d+)\d{6} kB`) + " GB",
		"kernel":    "Linux " + read("/proc/sys/kernel/osrelease", `(\d+\.\d+\.\d+)`),
		"Parley":    say("git", "describe", "--tags", "--always", "--dirty"),
		"Go":        strings.TrimPrefix(runtime.Version(), "go"),
		"repeats":   fmt.Sprintf("%d, of which the median is given and, in brackets, the lowest and the highest", b.repeat),
	}
	if b.short {
		b.Machine["repeats"] += "; a short run, with a tenth of the people"
	}
	if peers != "" {
		b.Machine["Node.js"] = strings.TrimPrefix(say("node", "--version"), "v")
		b.Machine["Socket.IO"] = read(filepath.Join(peers, "node/package.json"), `"socket.io": "(.*?)"`)
		b.Machine["centrifuge"] = read(filepath.Join(peers, "centrifuge/go.mod"), `centrifugal/centrifuge v(\S+)`)
	}
}
