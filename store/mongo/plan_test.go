package mongo

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	monitoring "go.mongodb.org/mongo-driver/v2/event"
)

// query is a query of a command, or of a stage of a pipeline for each of its documents.
type query struct {
	collection   string
	filter, sort bson.D
}

// Queries are those that were sent in this process, one of each shape.
var Queries struct {
	sync.Mutex
	of map[string]query
}

// OpenForTest is Open with a monitor that adds to Queries and counts calls.
func OpenForTest(url string) (*DB, error) {
	o := defaultSettings()
	o.closeTimeout = time.Minute // the stand-in is slow; see TestCloseWhileTheServerHangs
	o.monitor = &monitoring.CommandMonitor{Started: func(ctx context.Context, e *monitoring.CommandStartedEvent) {
		if ctx.Err() != nil { // it is not sent
			return
		}
		counted(e.CommandName)
		if e.DatabaseName == "admin" {
			return
		}
		list := queries(e.CommandName, e.Command)
		Queries.Lock()
		defer Queries.Unlock()
		if Queries.of == nil {
			Queries.of = map[string]query{}
		}
		for _, q := range list {
			Queries.of[fmt.Sprint(q.collection, shape(q.filter), q.sort)] = q
		}
	}}
	return open(context.Background(), url, 50, slog.New(slog.DiscardHandler), o)
}

// queries returns the queries of a command.
func queries(name string, command bson.Raw) (list []query) {
	var c struct {
		Find, Aggregate, Update, Delete any // a collection; 1 for a whole database
		Filter, Sort                    bson.D
		Pipeline                        []bson.D
		Updates, Deletes                []struct{ Q bson.D }
	}
	if bson.Unmarshal(command, &c) != nil {
		return nil
	}
	in := func(v any) string { s, _ := v.(string); return s }
	switch name {
	case "find":
		list = append(list, query{in(c.Find), c.Filter, c.Sort})
	case "aggregate":
		if in(c.Aggregate) != "" {
			list = pipeline(in(c.Aggregate), nil, c.Pipeline)
		}
	case "update":
		for _, u := range c.Updates {
			list = append(list, query{in(c.Update), u.Q, nil})
		}
	case "delete":
		for _, d := range c.Deletes {
			list = append(list, query{in(c.Delete), d.Q, nil})
		}
	}
	return list
}

// pipeline returns the query with which a pipeline begins, filter included, and
// those of its later stages.
func pipeline(collection string, filter bson.D, stages []bson.D) (list []query) {
	first := query{collection, filter, nil}
	for i, stage := range stages {
		var s struct {
			Match  bson.D `bson:"$match"`
			Sort   bson.D `bson:"$sort"`
			Lookup *struct {
				From         string
				LocalField   string
				ForeignField string
				Pipeline     []bson.D
			} `bson:"$lookup"`
			Union *struct {
				Coll     string
				Pipeline []bson.D
			} `bson:"$unionWith"`
		}
		raw, err := bson.Marshal(stage)
		if err != nil || bson.Unmarshal(raw, &s) != nil {
			continue
		}
		switch {
		case s.Match != nil && i <= 1:
			for _, e := range s.Match {
				if e.Key == "$expr" { // $eq of a field and a variable of the outer document
					raw, _ := bson.Marshal(e.Value)
					field, _ := bson.Raw(raw).Lookup("$eq", "0").StringValueOK()
					e = bson.E{Key: strings.TrimPrefix(field, "$"), Value: "value"}
				}
				first.filter = append(first.filter, e)
			}
		case s.Sort != nil && i <= 2:
			first.sort = s.Sort
		case s.Lookup != nil:
			var by bson.D
			if s.Lookup.ForeignField != "" {
				by = bson.D{{Key: s.Lookup.ForeignField, Value: "value"}}
			}
			list = append(list, pipeline(s.Lookup.From, by, s.Lookup.Pipeline)...)
		case s.Union != nil:
			list = append(list, pipeline(s.Union.Coll, nil, s.Union.Pipeline)...)
		}
	}
	return append(list, first)
}

// shape is a filter without its values.
func shape(v any) any {
	switch v := v.(type) {
	case bson.D:
		var fields []any
		for _, e := range v {
			fields = append(fields, e.Key, shape(e.Value))
		}
		return fields
	case bson.A:
		if len(v) > 0 {
			return []any{shape(v[0])}
		}
	}
	return "?"
}

// Plans fails the test unless the server finds the rows of every query that was sent so far
// through an index range that has the query's order. New queries are included as soon as a
// case of the suite sends them.
func Plans(t *testing.T, db *DB) {
	Queries.Lock()
	seen := slices.Collect(maps.Values(Queries.of))
	Queries.Unlock()
	if len(seen) < 40 {
		t.Fatalf("only %d queries were seen", len(seen))
	}
	for _, q := range seen {
		if fault := planned(t, db, q); fault != "" {
			t.Errorf("%s: %s, sorted by %v\n  %s", q.collection, shape(q.filter), q.sort, fault)
		}
	}
	// Bad plans are found.
	for _, q := range []query{
		{"events", bson.D{{Key: "text", Value: "x"}}, nil},
		{"events", bson.D{{Key: "chat", Value: "x"}}, bson.D{{Key: "at", Value: 1}}},
		{"users", nil, nil},
	} {
		if planned(t, db, q) == "" {
			t.Errorf("nothing is wrong with %v", q)
		}
	}
}

// planned returns what is wrong with the plan of a query; "" if nothing is.
func planned(t *testing.T, db *DB, q query) string {
	t.Helper()
	branches, _ := first(q.filter, "$or").(bson.A)
	for _, branch := range branches {
		if fault := planned(t, db, query{q.collection, branch.(bson.D), q.sort}); fault != "" {
			return fault
		}
	}
	if branches != nil || len(q.filter) == 0 && len(q.sort) == 1 && q.sort[0].Key == "_id" {
		return ""
	}
	var plan struct {
		Planner struct {
			Winning struct {
				Stage string
				Input struct {
					Stage string
					Keys  bson.D `bson:"keyPattern"`
					Input struct {
						Stage string
						Keys  bson.D `bson:"keyPattern"`
					} `bson:"inputStage"`
				} `bson:"inputStage"`
			} `bson:"winningPlan"`
		} `bson:"queryPlanner"`
	}
	filter := bson.D{}
	for _, e := range q.filter {
		if _, operators := e.Value.(bson.D); e.Key == "_id" && !operators { // one document at most
			return ""
		}
		if d, ok := e.Value.(bson.D); ok && len(d) == 1 && d[0].Key == "$in" { // a point for each value
			e.Value = append(d[0].Value.(bson.A), "value")[0]
		}
		filter = append(filter, e)
	}
	find := bson.D{{Key: "find", Value: q.collection}, {Key: "filter", Value: filter}}
	if len(q.sort) > 0 {
		find = append(find, bson.E{Key: "sort", Value: q.sort})
	}
	err := db.db.RunCommand(context.Background(), bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}).Decode(&plan)
	if err != nil {
		t.Fatal(err)
	}
	w := plan.Planner.Winning
	scan := w.Input
	if scan.Stage == "FETCH" { // below a sort, which the order of the index is compared with below
		scan.Stage, scan.Keys = scan.Input.Stage, scan.Input.Keys
	}
	if scan.Stage != "IXSCAN" {
		return "the plan is " + w.Stage + " " + scan.Stage
	}
	if !ordered(scan.Keys, q) {
		return fmt.Sprint("the index ", scan.Keys, " has another order")
	}
	return ""
}

// ordered reports whether an index returns rows in the query's order: the fields with one
// value, then those of the sort, all in one direction.
func ordered(keys bson.D, q query) bool {
	sort := slices.Clone(q.sort)
	for _, k := range keys {
		if len(sort) == 0 {
			return true
		}
		if sort[0].Key == k.Key {
			if fmt.Sprint(sort[0].Value) != fmt.Sprint(q.sort[0].Value) {
				return false
			}
			sort = sort[1:]
			continue
		}
		v := first(q.filter, k.Key)
		if _, operators := v.(bson.D); v == nil || operators {
			return false
		}
	}
	return len(sort) == 0
}

func first(d bson.D, key string) any {
	for _, e := range d {
		if e.Key == key {
			return e.Value
		}
	}
	return nil
}
