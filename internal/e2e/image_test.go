//go:build linux

package e2e

import (
	"encoding/json"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The image consists of the static binary and an empty folder. The test puts both into
// an empty root and runs the entry point and the health check of the Dockerfile there,
// with its user and environment and without a container engine.
func TestImageNeedsNothingElse(t *testing.T) {
	listSources()
	dockerfile, err := os.ReadFile(filepath.Join(root, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	fromDockerfile := func(pattern string) string {
		t.Helper()
		m := regexp.MustCompile(`(?m)^` + pattern).FindSubmatch(dockerfile)
		if m == nil {
			t.Fatalf("the Dockerfile has no line %q", pattern)
		}
		return string(m[1])
	}
	image := t.TempDir()
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(image, "parley"), root)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if info, err := os.Stat(filepath.Join(image, "parley")); err != nil || info.Size() > 32<<20 {
		t.Errorf("the binary has %d bytes, the limit is 32 MiB; %v", info.Size(), err)
	}
	uid, err := strconv.Atoi(fromDockerfile(`USER (\d+):\d+$`))
	if err != nil || uid == 0 {
		t.Fatalf("the image's user is %d, %v", uid, err)
	}
	if err := os.Mkdir(filepath.Join(image, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	for dir := image; os.Geteuid() == 0 && dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // the image's user must reach its root
			t.Fatal(err)
		}
	}

	// A free port in place of the image's own.
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := free.Addr().String()
	_ = free.Close()
	env := strings.Fields(fromDockerfile(`ENV (.+)$`))
	if len(env) != 2 || env[0] != "PARLEY_LISTEN=:8080" {
		t.Fatalf("the image's environment is %q", env)
	}
	env[0] = "PARLEY_LISTEN=" + addr
	inImage := func(args ...string) *exec.Cmd {
		cmd := &exec.Cmd{Path: args[0], Args: args, Env: env, Dir: fromDockerfile(`WORKDIR (/data)$`), Stderr: t.Output()}
		cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: image}
		if os.Geteuid() == 0 {
			if err := os.Chown(filepath.Join(image, "data"), uid, uid); err != nil {
				t.Fatal(err)
			}
			cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
		} else { // a user may change the root in a user namespace
			cmd.SysProcAttr.Cloneflags = syscall.CLONE_NEWUSER
			cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: uid, HostID: os.Getuid(), Size: 1}}
		}
		return cmd
	}
	var entry, check []string
	for line, to := range map[string]*[]string{`ENTRYPOINT (\[.+\])$`: &entry, `HEALTHCHECK .*CMD (\[.+\])$`: &check} {
		if err := json.Unmarshal([]byte(fromDockerfile(line)), to); err != nil {
			t.Fatal(err)
		}
	}
	server := inImage(entry...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Process.Kill(); _ = server.Wait() }()
	healthy := false
	for until := time.Now().Add(20 * time.Second); !healthy && time.Now().Before(until); {
		healthy = inImage(check...).Run() == nil
	}
	if !healthy {
		t.Fatal("the health check never passed")
	}
	if _, err := os.Stat(filepath.Join(image, "data", "parley.db")); err != nil {
		t.Errorf("the database is not in the volume: %v", err)
	}
	if err := server.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := server.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
}
