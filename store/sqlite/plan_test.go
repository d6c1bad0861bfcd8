package sqlite

import (
	"context"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Queries are the texts that were prepared in this process.
var Queries struct {
	sync.Mutex
	texts []string
}

// addQuery is settings.preparing of all stores that tests open.
func addQuery(query string) {
	Queries.Lock()
	defer Queries.Unlock()
	if !slices.Contains(Queries.texts, query) {
		Queries.texts = append(Queries.texts, query)
	}
}

// Plans fails the test unless every statement that was prepared so far finds its rows
// through an index range, and sorts nothing. New statements are included as soon as a case
// of the suite uses them.
func Plans(t *testing.T) {
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "parley.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	Queries.Lock()
	defer Queries.Unlock()
	if len(Queries.texts) < 40 {
		t.Fatalf("only %d statements were prepared", len(Queries.texts))
	}
	for _, query := range Queries.texts {
		for _, step := range plan(t, db, query) {
			if bad(step) {
				t.Errorf("%s\n  in %s", step, query)
			}
		}
	}
}

// short has the scans that end soon: of the queue of pushes, which is short, of the subscriptions
// whose devices show something, once for each holder of a lease, of one row that
// a statement makes, and for whether there is any row.
var short = map[string]bool{
	"SCAN pushes":                           true,
	"SCAN p USING INDEX pushes_due":         true,
	"SCAN since":                            true,
	"SCAN p USING INDEX subscriptions_user": true,
	"SCAN subscriptions USING COVERING INDEX subscriptions_user": true,
}

// bad reports whether a step scans a table, or sorts. json_each over an argument does
// neither, nor does a scan of a subquery, whose own steps are checked, too.
func bad(step string) bool {
	walk := !short[step] && strings.HasPrefix(step, "SCAN ") && !strings.Contains(step, "VIRTUAL TABLE") && step != "SCAN CONSTANT ROW" &&
		!strings.HasPrefix(step, "SCAN (subquery-")
	return walk || strings.Contains(step, "TEMP B-TREE")
}

func plan(t *testing.T, db *DB, query string) (steps []string) {
	t.Helper()
	args := make([]any, max(strings.Count(query, "?"), 1))
	if !strings.Contains(query, "?") {
		args = nil
	}
	rows, err := db.reads.Query("EXPLAIN QUERY PLAN "+query, args...)
	if err != nil {
		t.Fatalf("%v\n  in %s", err, query)
	}
	defer rows.Close()
	for rows.Next() {
		var id, parent, unused int
		var step string
		if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
			t.Fatal(err)
		}
		steps = append(steps, step)
	}
	return steps
}

// TestPlanJudge tests that bad finds bad plans.
func TestPlanJudge(t *testing.T) {
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "parley.db"), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for query, want := range map[string]bool{
		"SELECT text FROM messages WHERE text = ?":                          true,
		"SELECT seq FROM messages WHERE chat = ? ORDER BY at":               true,
		"SELECT seq FROM messages WHERE chat = ? ORDER BY seq DESC LIMIT ?": false,

		"SELECT count(*) FROM (SELECT seq FROM messages WHERE text = ? LIMIT ?)":              true,
		"SELECT count(*) FROM (SELECT seq FROM messages WHERE chat = ? ORDER BY at LIMIT ?)":  true,
		"SELECT count(*) FROM (SELECT seq FROM messages WHERE chat = ? ORDER BY seq LIMIT ?)": false,
	} {
		if got := slices.ContainsFunc(plan(t, db, query), bad); got != want {
			t.Errorf("%s: bad %v, want %v", query, got, want)
		}
	}
}
