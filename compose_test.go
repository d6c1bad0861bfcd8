package main

import (
	"io"
	"os"
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
		var names []string // of the services that run Parley
		for name, s := range compose.Services {
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
					t.Setenv(k, v)
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
				if replicas > 1 && c.Store != "mongodb://mongo-1,mongo-2,mongo-3/parley?replicaSet=rs0" {
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
