package chat

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestCommonPasswords(t *testing.T) {
	n := 0
	for line := range strings.Lines(commonPasswords) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		n++
		if line != strings.ToLower(line) || line != strings.TrimSpace(line) || utf8.RuneCountInString(line) < MinPassword {
			t.Errorf("%q is never compared", line)
		}
	}
	if n != 10_000 {
		t.Errorf("%d passwords", n)
	}
}

func TestCheckWeakPassword(t *testing.T) {
	for _, c := range []struct {
		password, context string
		ok                bool
	}{
		{"password", "", false}, {"PassWord", "", false}, {" password1 ", "", false}, {"1q2w3e4r5t", "", false}, {"12345678", "", false},
		{"zzzzzzzz", "", false}, {"ZzZzZzZzZzZz", "", false}, {"        ", "", false}, {"  ééééééé  ", "", false}, {"zzzzzzzzy", "", true},
		{"correct horse", "", true}, {"password correct", "", true}, {"# Copyright", "", true},
		{"hunter22-cold", "ann", true},
		// Parley itself, the handle, a name's words, the server's name.
		{"parley2026!", "", false}, {"ParleyParley", "", false}, {"parley and nothing", "", true},
		{"anneliese-1", "anneliese", false}, {"ANNELIESE99", "anneliese", false}, {"annelieseanneliese", "anneliese", false},
		{"mueller-ann", "Ann Mueller", false}, {"tea.house.1", "The Tea-House", false}, {"müller1234", "Müller", false},
		{"anneliese and her horse", "anneliese", true}, {"anneliese7%kQz!w2", "anneliese", true},
		// A short word is part of many others.
		{"totally a", "al", true}, {"short a b", "a b", true},
		// Exactly eight characters beside the word.
		{"ann12345678", "ann", true}, {"ann1234567", "ann", false},
	} {
		if err := CheckWeakPassword(c.password, c.context); (err == nil) != c.ok {
			t.Errorf("%q beside %q: %v", c.password, c.context, err)
		} else if err != nil && (!Is(err, BadInput) || AsError(err).Field != "password") {
			t.Errorf("%q: %v", c.password, err)
		}
	}
}

func BenchmarkCheckWeakPassword(b *testing.B) {
	for b.Loop() {
		_ = CheckWeakPassword("correct horse battery staple", "ann", "Ann Mueller", "Tea house")
	}
}
