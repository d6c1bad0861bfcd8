package web

import (
	"io/fs"
	"path"
	"regexp"
	"strings"
	"testing"
)

var (
	named   = regexp.MustCompile(`(?:href|src|from)[= ]*"(\.?/[\w.-]+)"`)
	foreign = regexp.MustCompile(`(?i)innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|\sstyle="|<style|<script>|@import|url\(|https?://`)
)

// TestFiles: whatever a file names is embedded, under the name that the browser
// asks for, and nothing needs more than the policy of 'self' allows.
func TestFiles(t *testing.T) {
	reached := map[string]bool{"index.html": true}
	files := map[string]bool{}
	err := fs.WalkDir(Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		files[name] = true
		text, err := fs.ReadFile(Files, name)
		if err != nil {
			return err
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			if path.Ext(m[1]) == "" {
				continue // a page of ours, such as "/"
			}
			to := strings.TrimPrefix(path.Clean(m[1]), "/")
			if reached[to] = true; !exists(to) {
				t.Errorf("%s names %s, which is not embedded", name, m[1])
			}
		}
		if found := foreign.Find(text); found != nil && path.Ext(name) != ".svg" {
			t.Errorf("%s holds %q", name, found)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for name := range files {
		if !reached[name] {
			t.Errorf("%s is embedded and named by nothing", name)
		}
	}
}

func exists(name string) bool {
	_, err := fs.Stat(Files, name)
	return err == nil
}
