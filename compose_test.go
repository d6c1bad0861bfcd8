package main

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// The environment in the compose files is a valid configuration, and the services refer
// to each other correctly.
func TestComposeFilesAreValid(t *testing.T) {
	for file, replicas := range map[string]int{"compose.yaml": 1, "compose.replicas.yaml": 3} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var compose struct {
			Services map[string]struct {
				Build       string
				Image       string
				CapDrop     []string `yaml:"cap_drop"`
				SecurityOpt []string `yaml:"security_opt"`
				Entrypoint  []string
				Command     []string
				Environment map[string]string
				Ports       []string
				Volumes     []string
				Networks    map[string]struct {
					Address string `yaml:"ipv4_address"`
				}
			}
		}
		if err := yaml.Unmarshal(text, &compose); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		keys := t.TempDir()
		if replicas > 1 {
			keys = makeKeys(t, compose.Services["mongo-keys"].Entrypoint)
		}
		var names []string // of the services that run Parley
		for name, s := range compose.Services {
			if !slices.Equal(s.CapDrop, []string{"ALL"}) || !slices.Contains(s.SecurityOpt, "no-new-privileges:true") {
				t.Errorf("%s: %s has the capabilities %v, %v", file, name, s.CapDrop, s.SecurityOpt)
			}
			if s.Build == "" && !regexp.MustCompile(`^[a-z]+:\d+\.\d+\.\d+@sha256:[0-9a-f]{64}$`).MatchString(s.Image) {
				t.Errorf("%s: %s has the image %s", file, name, s.Image)
			}
			if strings.HasPrefix(name, "mongo-") && slices.Contains(s.Command, "--replSet") && !strings.Contains(strings.Join(s.Command, " "), "--keyFile /keys/keyfile") {
				t.Errorf("%s: %s needs no password", file, name)
			}
			if s.Build == "" {
				continue
			}
			names = append(names, name)
			t.Run(file+" "+name, func(t *testing.T) {
				help := new(strings.Builder)
				if _, _, err := parse([]string{"--help"}, help, io.Discard); err != nil {
					t.Fatal(err)
				}
				for k, v := range s.Environment {
					if !strings.Contains(help.String(), "($"+k+")") {
						t.Errorf("%s configures nothing", k)
					}
					t.Setenv(k, strings.Replace(v, "/keys/", keys+"/parley/", 1))
				}
				c, command, err := parse(nil, io.Discard, io.Discard)
				if err != nil || command == nil {
					t.Fatal(err)
				}
				if c.PublicURL == nil || c.PublicURL.Host != "localhost:8080" {
					t.Errorf("the public URL is %v", c.PublicURL)
				}
				if replicas > 1 && (len(c.TrustedProxies) != 1 || prefixes(c.TrustedProxies)[0].Addr().String() != compose.Services["balancer"].Networks["default"].Address) {
					t.Errorf("the trusted proxy is %v, not the balancer", prefixes(c.TrustedProxies))
				}
				if replicas > 1 && !regexp.MustCompile(`^mongodb://parley:[0-9a-f]{64}@mongo-1,mongo-2,mongo-3/parley\?replicaSet=rs0$`).MatchString(c.Store) {
					t.Errorf("the store is %s", c.Store)
				}
			})
		}
		if len(names) != replicas {
			t.Errorf("%s has the Parley services %v", file, names)
		}
		ports := 0
		for _, s := range compose.Services {
			ports += len(s.Ports)
			if len(s.Ports) > 0 && s.Ports[0] != "127.0.0.1:8080:8080" {
				t.Errorf("%s publishes %v", file, s.Ports)
			}
			for _, v := range s.Volumes {
				if path, _, _ := strings.Cut(v, ":"); strings.HasPrefix(path, ".") {
					if _, err := os.Stat(path); err != nil {
						t.Error(err)
					}
				}
			}
		}
		if ports != 1 {
			t.Errorf("%s publishes %d ports", file, ports)
		}
		if replicas == 1 {
			continue
		}
		balancer, err := os.ReadFile("docs/balancer/haproxy.cfg")
		if err != nil {
			t.Fatal(err)
		}
		var checked []string
		for _, m := range regexp.MustCompile(`(?m)^ +server \S+ (\S+):8080 check$`).FindAllSubmatch(balancer, -1) {
			checked = append(checked, string(m[1]))
		}
		slices.Sort(names)
		if !slices.Equal(checked, names) {
			t.Errorf("the balancer checks %v, the replicas are %v", checked, names)
		}
	}
}

// makeKeys runs the script that generates the passwords, in a folder that it returns. A
// second run keeps them; one that was interrupted before the end makes all of them anew.
func makeKeys(t *testing.T, entrypoint []string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"mongo", "parley"} {
		if err := os.Mkdir(filepath.Join(dir, name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	script := strings.NewReplacer("/keys", dir, "$$", "$").Replace(entrypoint[len(entrypoint)-1])
	read := func() (keys []string) {
		// Only root may give files to the users of the containers.
		cmd := exec.Command(entrypoint[0], append(slices.Clone(entrypoint[1:len(entrypoint)-1]), "chown() { :; }\n"+script)...)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, name := range []string{"mongo/keyfile", "mongo/admin", "mongo/parley", "parley/store"} {
			path := filepath.Join(dir, name)
			info, err := os.Stat(path)
			if err != nil {
				t.Fatal(err)
			}
			if info.Mode().Perm() != 0o400 {
				t.Errorf("%s has mode %v", name, info.Mode())
			}
			key, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			keys = append(keys, string(key))
		}
		return keys
	}
	first := read()
	if again := read(); !slices.Equal(again, first) {
		t.Error("a second start has other passwords")
	}
	if err := os.Remove(filepath.Join(dir, "mongo", "complete")); err != nil {
		t.Fatal(err)
	}
	keys := read()
	for i, key := range keys {
		if len(key) < 64 || key == first[i] || slices.Contains(keys[:i], key) {
			t.Errorf("key %d is %q, was %q", i, key, first[i])
		}
	}
	if !strings.Contains(keys[3], ":"+keys[2]+"@") {
		t.Error("the store's URL has another password")
	}
	return dir
}
