package main

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layers has the packages of this module and the modules that each package may import,
// as in the picture in ARCHITECTURE.md. Test files may import anything.
var layers = map[string][]string{
	"parley":                 {"chat", "internal/logging", "server", "store", "middleware", "web", "github.com/alecthomas/kong", "github.com/KimMachineGun/automemlimit", "golang.org/x/sync"},
	"parley/chat":            {},
	"parley/hub":             {},
	"parley/web":             {},
	"parley/wire":            {"chat", "github.com/shamaton/msgpack/v2", "github.com/tinylib/msgp"},
	"parley/store/folder":    {"chat", "internal/disk"},
	"parley/store":           {"chat", "store/sqlite", "store/mongo"},
	"parley/store/queue":     {"chat"},
	"parley/store/sqlite":    {"chat", "store/queue", "internal/disk", "modernc.org/sqlite", "golang.org/x/sys"},
	"parley/store/mongo":     {"chat", "store/queue", "go.mongodb.org/mongo-driver/v2"},
	"parley/store/storetest": {"chat", "go.uber.org/goleak"},
	"parley/middleware":      {"chat", "github.com/go-chi/chi/v5", "github.com/go-chi/httprate", "github.com/unrolled/secure", "github.com/klauspost/compress"},
	"parley/server/socket":   {"github.com/coder/websocket"},
	"parley/server/media":    {"golang.org/x/image"},
	"parley/server/api":      {"chat", "wire", "hub", "middleware", "server/service", "github.com/go-chi/chi/v5"},
	"parley/server/service":  {"chat", "wire", "middleware", "golang.org/x/crypto", "golang.org/x/sync"},
	"parley/server/session":  {"chat", "wire", "hub", "server/service"},
	"parley/server/live":     {"chat", "wire", "hub", "server/service", "golang.org/x/sync"},
	"parley/server": {"chat", "wire", "hub", "middleware", "server/api", "server/service", "server/session", "server/live", "server/socket", "github.com/go-chi/chi/v5",
		"github.com/prometheus/client_golang", "golang.org/x/sync", "github.com/klauspost/compress"},
	"parley/internal/logging":   {},
	"parley/internal/disk":      {"golang.org/x/sys"},
	"parley/internal/mongotest": {"go.mongodb.org/mongo-driver/v2"},
	"parley/internal/echo":      {"server/socket"},
	"parley/internal/e2e":       {},
	"parley/bench/peers/bare":   {},
	"parley/internal/loadgen":   {"chat", "wire", "store", "golang.org/x/sync", "github.com/HdrHistogram/hdrhistogram-go", "github.com/tinylib/msgp"},
}

func TestImportsObeyTheLayers(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports,Standard", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	std, err := exec.Command("go", "list", "std").Output()
	if err != nil {
		t.Fatal(err)
	}
	standard := strings.Fields(string(std))
	seen := 0
	for dec := json.NewDecoder(strings.NewReader(string(out))); dec.More(); seen++ {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		allowed, known := layers[p.ImportPath]
		if !known {
			t.Errorf("%s is not in layers: add it with what it may import", p.ImportPath)
			continue
		}
		for _, i := range p.Imports {
			if slices.Contains(standard, i) || i == "C" || i == "unsafe" {
				continue
			}
			if !slices.ContainsFunc(allowed, func(a string) bool {
				if strings.Contains(strings.SplitN(a, "/", 2)[0], ".") {
					return i == a || strings.HasPrefix(i, a+"/")
				}
				return i == "parley/"+a
			}) {
				t.Errorf("%s must not import %s", p.ImportPath, i)
			}
		}
	}
	if seen != len(layers) {
		t.Errorf("go list has %d packages, layers has %d", seen, len(layers))
	}
	for path := range layers {
		switch name := path[strings.LastIndex(path, "/")+1:]; name {
		case "util", "common", "helpers", "models", "types":
			t.Errorf("%s: name the package after what it provides, not %s", path, name)
		}
	}
}
