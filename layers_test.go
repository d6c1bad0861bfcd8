package main

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// layers has the packages of this module and the modules that each package may import,
// as in the picture in ARCHITECTURE.md. Test files may import anything.
var layers = map[string][]string{
	"parley":                     {"chat", "internal/logging", "server", "store", "middleware", "web", "github.com/alecthomas/kong", "github.com/KimMachineGun/automemlimit", "golang.org/x/sync"},
	"parley/textrule":            {"golang.org/x/text", "github.com/rivo/uniseg"},
	"parley/chat":                {"textrule"},
	"parley/search":              {"chat", "textrule"},
	"parley/search/segment":      {"chat", "search"},
	"parley/search/index":        {"chat", "internal/gate", "search", "search/segment"},
	"parley/hub":                 {},
	"parley/web":                 {},
	"parley/wire":                {"chat", "internal/frame", "github.com/shamaton/msgpack/v2", "github.com/tinylib/msgp"},
	"parley/store/folder":        {"chat", "internal/disk"},
	"parley/store":               {"chat", "store/sqlite", "store/mongo", "store/folder"},
	"parley/store/queue":         {"chat"},
	"parley/store/sqlite":        {"chat", "store/queue", "internal/disk", "modernc.org/sqlite", "golang.org/x/sys"},
	"parley/store/mongo":         {"chat", "store/queue", "go.mongodb.org/mongo-driver/v2"},
	"parley/store/cached":        {"chat"},
	"parley/store/storetest":     {"chat", "go.uber.org/goleak"},
	"parley/middleware":          {"chat", "github.com/go-chi/chi/v5", "github.com/go-chi/httprate", "github.com/rs/cors", "github.com/unrolled/secure", "github.com/klauspost/compress"},
	"parley/server/socket":       {"github.com/coder/websocket"},
	"parley/server/engineio":     {"internal/frame", "server/socket", "github.com/coder/websocket"},
	"parley/server/socketio":     {"wire", "server/engineio"},
	"parley/server/media":        {"server/raster", "golang.org/x/image"},
	"parley/server/raster":       {"golang.org/x/image"},
	"parley/server/transfer":     {"chat", "server/media"},
	"parley/server/tus":          {"chat", "middleware", "server/service", "server/transfer", "github.com/go-chi/chi/v5"},
	"parley/server/pictures":     {"chat", "server/api", "server/request", "server/response", "server/service", "server/transfer", "github.com/go-chi/chi/v5"},
	"parley/server/files":        {"chat", "server/media", "internal/keyed"},
	"parley/server/find":         {"chat", "search", "golang.org/x/sync"},
	"parley/server/budget":       {"chat", "wire", "middleware"},
	"parley/server/drafts":       {"chat", "server/budget", "store/cached"},
	"parley/server/request":      {"chat", "wire", "middleware", "server/service", "server/transfer", "github.com/go-chi/chi/v5"},
	"parley/server/response":     {"wire", "middleware", "server/request"},
	"parley/server/push":         {"chat", "internal/lease", "internal/webpush", "golang.org/x/sync", "middleware", "server/audit", "server/push/payload", "server/request", "server/response", "server/service", "textrule"},
	"parley/server/push/payload": {"chat", "textrule"},
	"parley/server/lists":        {"chat", "server/request", "server/response", "server/service"},
	"parley/server/api":          {"chat", "wire", "hub", "middleware", "server/audit", "server/drafts", "server/find", "server/request", "server/response", "server/service", "server/transfer", "github.com/go-chi/chi/v5"},
	"parley/server/audit":        {"chat", "middleware"},
	"parley/server/auth":         {"chat", "middleware", "internal/keyed", "golang.org/x/crypto", "golang.org/x/sync"},
	"parley/server/service":      {"chat", "wire", "middleware", "server/audit", "server/auth", "server/budget", "server/drafts", "server/files", "server/find", "store/cached", "internal/keyed"},
	"parley/server/session":      {"chat", "wire", "hub", "server/audit", "server/budget", "server/service"},
	"parley/server/live":         {"chat", "wire", "hub", "internal/gate", "server/service", "store/cached", "golang.org/x/sync"},
	"parley/server": {"chat", "wire", "hub", "middleware", "search/index", "internal/lease", "internal/webpush", "store/cached", "server/api", "server/audit", "server/auth", "server/budget", "server/drafts", "server/files", "server/find", "server/lists", "server/response", "server/service", "server/session", "server/live", "server/pictures", "server/push", "server/socket", "server/engineio", "server/socketio", "server/tus", "github.com/go-chi/chi/v5",
		"github.com/prometheus/client_golang", "golang.org/x/sync", "github.com/klauspost/compress"},
	"parley/internal/gate":      {},
	"parley/internal/keyed":     {"golang.org/x/sync"},
	"parley/internal/lease":     {"chat"},
	"parley/internal/webpush":   {"code.dny.dev/ssrf"},
	"parley/internal/logging":   {},
	"parley/internal/disk":      {"golang.org/x/sys"},
	"parley/internal/mongotest": {"go.mongodb.org/mongo-driver/v2"},
	"parley/internal/echo":      {"internal/frame", "wire", "server/socket", "server/engineio", "server/socketio"},
	"parley/internal/frame":     {},
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

// smallPackages are the folders below which packages and types have bounds.
var smallPackages = []string{"search", "server"}

// Bounds below these folders, without tests.
const (
	maxPackageLines = 2000
	maxMethodFiles  = 4 // of one type
)

// No package below smallPackages and no type grows until it is hard to find one's way in it.
// Files of all platforms count.
func TestPackagesAndTypesAreSmall(t *testing.T) {
	lines := map[string]int{}                 // by folder
	files := map[string]map[string][]string{} // by folder and type: files with its methods
	read := func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		folder, file := filepath.Split(path)
		lines[folder] += bytes.Count(source, []byte("\n"))
		if files[folder] == nil {
			files[folder] = map[string][]string{}
		}
		for _, d := range parsed.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || f.Recv == nil {
				continue
			}
			if name := receiver(f.Recv.List[0].Type); !slices.Contains(files[folder][name], file) {
				files[folder][name] = append(files[folder][name], file)
			}
		}
		return nil
	}
	for _, folder := range smallPackages {
		if err := filepath.WalkDir(folder, read); err != nil {
			t.Fatal(err)
		}
	}
	if len(lines) < 9 || len(files["server/session/"]["Session"]) == 0 || len(files["search/index/"]["Index"]) == 0 {
		t.Errorf("not all packages were read: %v", lines)
	}
	for folder, n := range lines {
		if n > maxPackageLines {
			t.Errorf("%s has %d lines, at most %d are allowed: move what stands alone into a package of its own", folder, n, maxPackageLines)
		}
		for name, in := range files[folder] {
			if len(in) > maxMethodFiles {
				t.Errorf("%s: the methods of %s are in %d files, at most %d are allowed: %s", folder, name, len(in), maxMethodFiles, strings.Join(in, ", "))
			}
		}
	}
}

// receiver returns the name of a receiver's type.
func receiver(e ast.Expr) string {
	for {
		switch x := e.(type) {
		case *ast.StarExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.IndexListExpr:
			e = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}
