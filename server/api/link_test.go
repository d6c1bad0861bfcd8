package api

import "testing"

func TestValidHost(t *testing.T) {
	for host, ok := range map[string]bool{
		"chat.example": true, "chat.example:8080": true, "127.0.0.1:1": true, "[::1]:8080": true, "[2001:db8::1]": true, "localhost": true,
		"": false, "a b": false, "evil.example/path": false, "user@evil.example": false, "a:b": false, "a:0": false, "a:99999": false,
		"a:1:2": false, "[::1": false, "[::1]x": false, "[127.0.0.1]": false, "[fe80::1%25eth0]": false, "a\"b": false, "a#b": false,
	} {
		if validHost(host) != ok {
			t.Errorf("host %q: plausible is %v", host, !ok)
		}
	}
}
