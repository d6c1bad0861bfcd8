package main

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"os"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"go.yaml.in/yaml/v4"
)

func TestMemoryLimit(t *testing.T) {
	before := debug.SetMemoryLimit(-1)
	defer debug.SetMemoryLimit(before)
	for _, c := range []struct {
		name, env string
		available memlimit.Provider
		want      int64
		logged    string
	}{
		{"a container of 1 GiB", "", memlimit.Limit(1 << 30), 858993459, "bytes=858993459"},
		{"no limit", "", func() (uint64, error) { return 0, memlimit.ErrNoLimit }, math.MaxInt64, ""},
		{"no cgroup", "", func() (uint64, error) { return 0, errors.New("no cgroup") }, 7 << 30, ""},
		{"GOMEMLIMIT", "2GiB", memlimit.Limit(1 << 30), 7 << 30, "bytes="},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("GOMEMLIMIT", c.env)
			if c.env == "" {
				if err := os.Unsetenv("GOMEMLIMIT"); err != nil {
					t.Fatal(err)
				}
			}
			debug.SetMemoryLimit(7 << 30) // stands for what the runtime read from the environment
			var out bytes.Buffer
			limitMemory(c.available, slog.New(slog.NewTextHandler(&out, nil)))
			if got := debug.SetMemoryLimit(-1); got != c.want {
				t.Errorf("the limit is %d, want %d", got, c.want)
			}
			if got := out.String(); !strings.Contains(got, c.logged) || c.logged == "" && got != "" {
				t.Errorf("log: %q", got)
			}
		})
	}
}

// The containers of the compose files have a memory limit.
func TestComposeFilesLimitMemory(t *testing.T) {
	for _, file := range []string{"compose.yaml", "compose.replicas.yaml"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var compose struct {
			Services map[string]struct {
				Build    string
				MemLimit string `yaml:"mem_limit"`
			}
		}
		if err := yaml.Unmarshal(text, &compose); err != nil {
			t.Fatal(err)
		}
		for name, s := range compose.Services {
			if s.Build != "" && s.MemLimit != "1g" {
				t.Errorf("%s: mem_limit of %s is %q", file, name, s.MemLimit)
			}
		}
	}
}
