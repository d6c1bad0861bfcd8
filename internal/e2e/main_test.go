package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// root is the root of the module, relative to the folder that tests run in.
const root = "../.."

// parleyBinary is the program under test; TestMain builds it.
var parleyBinary string

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

// buildAndRun builds parley into a temporary folder, runs the tests and returns the
// exit code.
func buildAndRun(m *testing.M) int {
	dir, err := os.MkdirTemp("", "parley-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	parleyBinary = filepath.Join(dir, "parley")
	args := []string{"build", "-buildvcs=false", "-o", parleyBinary}
	if raceEnabled {
		args = append(args, "-race")
	}
	if out, err := exec.Command("go", append(args, root)...).CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// listSources lists the folders of the module. go test caches a result until
// something changes that the tests themselves have read, and the program is built
// by another process. It must be called by a test: earlier reads do not count.
var listSources = sync.OnceFunc(func() {
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		hidden := path != root && strings.HasPrefix(d.Name(), ".")
		if err == nil && d.IsDir() && (hidden || d.Name() == "node_modules") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		panic(err)
	}
})
