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

// report writes performance.json, the charts, and the tables between the markers of
// performance.md, all in one folder. Scenarios that were not run keep their figures of
// the JSON file.
func (r *record) report(dir string) error {
	var old record
	b, err := os.ReadFile(filepath.Join(dir, "performance.json"))
	if err == nil {
		err = json.Unmarshal(b, &old)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	r.keepOld(old.Figures)
	page, err := os.ReadFile(filepath.Join(dir, "performance.md"))
	if err != nil {
		return err
	}
	text, err := r.fillMarkers(string(page))
	if err != nil {
		return err
	}
	return errors.Join(r.write(filepath.Join(dir, "performance.json")), r.writeCharts(dir),
		os.WriteFile(filepath.Join(dir, "performance.md"), []byte(text), 0o644))
}

// keepOld adds the old figures of the scenarios that were not run.
func (r *record) keepOld(old []*figure) {
	run := r.Figures
	for _, f := range old {
		if !slices.ContainsFunc(run, func(new *figure) bool { return new.Scenario == f.Scenario }) {
			r.Figures = append(r.Figures, f)
		}
	}
}

var marker = regexp.MustCompile(`(?s)<!-- begin ([\w-]+) -->\n.*?<!-- end -->`)

// fillMarkers replaces the text between the markers of a page with the results.
func (r *record) fillMarkers(page string) (string, error) {
	var err error
	page = marker.ReplaceAllStringFunc(page, func(block string) string {
		name := marker.FindStringSubmatch(block)[1]
		var body string
		switch {
		case name == "environment":
			body = r.environmentTable()
		case name == "goals":
			body = r.goalsTable()
		case name == dayWithPushes, slices.ContainsFunc(scenarios, func(s scenario) bool { return s.name == name }):
			body = r.scenarioTable(name)
		default:
			err = fmt.Errorf("performance.md: unknown marker %s", name)
		}
		if body == "" {
			return block // not measured
		}
		return "<!-- begin " + name + " -->\n" + body + "<!-- end -->"
	})
	return page, err
}

// scenarioTable returns the figures of a scenario in Markdown: a row for each figure, a
// column for each server.
func (r *record) scenarioTable(scenario string) string {
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
				if what == maxDeliveries && f.median() == 0 {
					cell = notReached
				}
				if spread := f.spread(); spread != "" {
					cell += " (" + spread + ")"
				}
			}
			s += " " + cell + " |"
		}
		s += "\n"
	}
	s = strings.ReplaceAll(s, ", |", " |") // figures without a unit
	for _, c := range charts {
		if c.scenario == scenario && c.svg(r) != "" {
			s += fmt.Sprintf("\n![%s](performance-%s.svg)\n", c.title, c.file)
		}
	}
	return s
}

// value returns the median of a figure; NaN if it was not measured.
func (r *record) value(scenario, server, what string) float64 {
	if f := r.find(scenario, server, what); f != nil {
		return f.median()
	}
	return math.NaN()
}

// goalsTable returns the goals in Markdown, each with whether it is met.
func (r *record) goalsTable() string {
	s := "| | goal | measured | |\n|---|---:|---:|---|\n"
	for _, g := range goals {
		sign, measured, met := "≤", "not measured", ""
		if g.atLeast {
			sign = "≥"
		}
		if v := g.value(r); math.IsInf(v, 0) {
			measured = notReached // by the peer
		} else if !math.IsNaN(v) {
			measured, met = strings.TrimSpace(digits(v)+" "+g.unit), "missed"
			if g.met(v) {
				met = "met"
			}
		}
		s += fmt.Sprintf("| %s | %s | %s | %s |\n", g.figure, strings.TrimSpace(sign+" "+g.limit()+" "+g.unit), measured, met)
	}
	return s
}

// environmentTable returns the environment in Markdown.
func (r *record) environmentTable() string {
	s := "| | |\n|---|---|\n"
	for _, key := range []string{"date", "processor", "memory", "kernel", "Parley", "Go", "Node.js", "Socket.IO", "centrifuge", "repeats"} {
		if v := r.Environment[key]; v != "" {
			s += "| " + key + " | " + v + " |\n"
		}
	}
	return s
}

// describeEnvironment sets the environment.
func (b *bench) describeEnvironment(peers string) {
	read := func(path, pattern string) string {
		text, _ := os.ReadFile(path)
		if m := regexp.MustCompile(pattern).FindSubmatch(text); m != nil {
			return string(m[1])
		}
		return ""
	}
	output := func(name string, args ...string) string {
		out, _ := exec.Command(name, args...).Output()
		return strings.TrimSpace(string(out))
	}
	b.Environment = map[string]string{
		"date":      time.Now().UTC().Format(time.DateOnly),
		"processor": fmt.Sprintf("%s, %d cores that servers and load share", read("/proc/cpuinfo", `model name\s*: (.*)`), runtime.NumCPU()),
		"memory":    read("/proc/meminfo", `MemTotal:\s*(\d+)\d{6} kB`) + " GB",
		"kernel":    "Linux " + read("/proc/sys/kernel/osrelease", `(\d+\.\d+\.\d+)`),
		"Parley":    output("git", "describe", "--tags", "--always", "--dirty"),
		"Go":        strings.TrimPrefix(runtime.Version(), "go"),
		"repeats":   fmt.Sprintf("%d, of which the median is given and, in brackets, the lowest and the highest", b.repeat),
	}
	if b.short {
		b.Environment["repeats"] += "; a short run, with a tenth of the people"
	}
	if peers != "" {
		b.Environment["Node.js"] = strings.TrimPrefix(output("node", "--version"), "v")
		b.Environment["Socket.IO"] = read(filepath.Join(peers, "node/package.json"), `"socket.io": "(.*?)"`)
		b.Environment["centrifuge"] = read(filepath.Join(peers, "centrifuge/go.mod"), `centrifugal/centrifuge v(\S+)`)
	}
}
