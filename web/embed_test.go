package web

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	named   = regexp.MustCompile(`(?:href|src)="(/[\w./-]+)"`)
	foreign = regexp.MustCompile(`(?i)\sstyle="|<style|<script>|\son[a-z]+="|https?://|data:`)
	imports = regexp.MustCompile(`@import|url\(["']?(?:https?:|//|data:)`)
)

// TestPage: what the page names is embedded, under the name that the browser
// asks for, and it needs no more than the policy of 'self' allows.
func TestPage(t *testing.T) {
	page, err := fs.ReadFile(Files, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	all := named.FindAllSubmatch(page, -1)
	if len(all) < 4 {
		t.Fatalf("index.html names %d files: a script, a style, an icon and a manifest are the least", len(all))
	}
	for _, m := range all {
		if strings.HasPrefix(string(m[1]), "/api/") {
			continue // the server answers it
		}
		if _, err := fs.Stat(Files, strings.TrimPrefix(string(m[1]), "/")); err != nil {
			t.Errorf("index.html names %s: %v", m[1], err)
		}
	}
	if found := foreign.Find(page); found != nil {
		t.Errorf("index.html holds %q", found)
	}
}

func TestStyles(t *testing.T) {
	err := fs.WalkDir(Files, ".", func(name string, _ fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".css" {
			return err
		}
		text, err := fs.ReadFile(Files, name)
		if found := imports.Find(text); found != nil {
			t.Errorf("%s holds %q", name, found)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
