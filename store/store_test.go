package store

import (
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
)

func TestOpen(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	s, err := Open(t.Context(), "sqlite:"+filepath.Join(t.TempDir(), "parley.db"), 50, log)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	for _, url := range []string{"", "sqlite:", "parley.db", "postgres://here", "SQLITE:x"} {
		if _, err := Open(t.Context(), url, 50, log); err == nil || !strings.Contains(err.Error(), "sqlite:PATH") {
			t.Errorf("%q: %v", url, err)
		}
	}
}
