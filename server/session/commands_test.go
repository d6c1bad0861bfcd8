package session

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"parley/wire"
)

// The table of commands agrees with docs/protocol.md, the golden files and the types of the
// web client: a command or field that is missing in one of them fails here.
func TestCommandsAreTheSameEverywhere(t *testing.T) {
	inTable := map[string][]string{}
	for _, c := range commands {
		inTable[c.name] = sorted(c.fields)
	}
	for place, got := range map[string]map[string][]string{
		"docs/protocol.md": commandsOfProtocol(t),
		"web/src":          commandsOfClient(t),
	} {
		if !reflect.DeepEqual(got, inTable) {
			t.Errorf("%s has the commands\n%v\nthe table has\n%v", place, got, inTable)
		}
	}
	examples := commandsOfGoldenFiles(t)
	for name, fields := range inTable {
		if got, ok := examples[name]; !ok || !subset(got, fields) {
			t.Errorf("wire/testdata: %s is shown with %v (%v), the table has %v", name, got, ok, fields)
		}
	}
	if len(examples) != len(inTable) {
		t.Errorf("wire/testdata shows %d commands, the table has %d", len(examples), len(inTable))
	}
}

// Each field of a row is a field of wire.Command, and each of those is in a row.
func TestCommandFields(t *testing.T) {
	used := []string{"do", "id"}
	for _, c := range commands {
		used = append(used, c.fields...)
		if c.run == nil == (c.draft == nil) || c.draft != nil && c.reply == nil {
			t.Errorf("%s has not exactly one of run and draft", c.name)
		}
	}
	var known []string
	for _, f := range reflect.VisibleFields(reflect.TypeFor[wire.Command]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		known = append(known, name)
	}
	if got, want := sorted(used), sorted(known); !slices.Equal(got, want) {
		t.Errorf("the table uses the fields\n%v\nwire.Command has\n%v", got, want)
	}
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return append([]string{}, slices.Compact(list)...)
}

func subset(some, of []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(of, s) })
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("../..", path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// commandsOfProtocol reads the rows below "| do | fields |".
func commandsOfProtocol(t *testing.T) map[string][]string {
	_, table, ok := strings.Cut(read(t, "docs/protocol.md"), "\n| do | fields |")
	if !ok {
		t.Fatal("docs/protocol.md has no table of commands")
	}
	table, _, _ = strings.Cut(table, "\n\n")
	found := map[string][]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (?:`([^`]*)`)? ?\\|").FindAllStringSubmatch(table, -1) {
		found[m[1]] = sorted(strings.FieldsFunc(m[2], func(r rune) bool { return strings.ContainsRune(" ,?", r) }))
	}
	return found
}

// commandsOfClient reads the interface Commands.
func commandsOfClient(t *testing.T) map[string][]string {
	source := read(t, "web/src/core/wire.ts")
	fields := func(s string) (names []string) {
		for _, m := range regexp.MustCompile(`(\w+)\??:`).FindAllStringSubmatch(s, -1) {
			names = append(names, m[1])
		}
		return names
	}
	window := fields(regexp.MustCompile(`interface HistoryWindow \{(.*)\}`).FindStringSubmatch(source)[1])
	_, table, _ := strings.Cut(source, "export interface Commands {\n")
	table, _, _ = strings.Cut(table, "\n}")
	found := map[string][]string{}
	for _, m := range regexp.MustCompile(`(?m)^  (\w+): \[(object|\{([^}]*)\}( & HistoryWindow)?)`).FindAllStringSubmatch(table, -1) {
		list := fields(m[3])
		if m[4] != "" {
			list = append(list, window...)
		}
		found[m[1]] = sorted(list)
	}
	return found
}

func commandsOfGoldenFiles(t *testing.T) map[string][]string {
	files, err := filepath.Glob("../../wire/testdata/command-*.json")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(b, &fields); err != nil {
			t.Fatal(f, err)
		}
		name, _ := fields["do"].(string)
		if found[name] == nil {
			found[name] = []string{}
		}
		for k := range fields {
			if k != "do" && k != "id" {
				found[name] = append(found[name], k)
			}
		}
	}
	return found
}
