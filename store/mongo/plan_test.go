package mongo

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	monitoring "go.mongodb.org/mongo-driver/v2/event"
)

// query is a query of a command, or of a stage of a pipeline for each of its documents.
type query struct {
	collection         string
	filter, sort, hint bson.D
}

// Queries are those that were sent in this process, one of each shape.
var Queries struct {
	sync.Mutex
	of map[string]query
}

// OpenForTest is Open with a monitor that adds to Queries and counts calls.
func OpenForTest(url string) (*DB, error) {
	o := defaultSettings()
	// The stand-in is slow; see TestCloseWhileTheServerHangs and TestAttemptWithoutAnswer.
	o.closeTimeout, o.attemptTimeout = time.Minute, writeTimeout
	o.clearBatch = 2
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
		Filter, Sort, Hint              bson.D
		Pipeline                        []bson.D
		Updates, Deletes                []struct{ Q, Hint bson.D }
	}
	if bson.Unmarshal(command, &c) != nil {
		return nil
	}
	in := func(v any) string { s, _ := v.(string); return s }
	switch name {
	case "find":
		list = append(list, query{in(c.Find), c.Filter, c.Sort, c.Hint})
	case "aggregate":
		if in(c.Aggregate) != "" {
			list = pipeline(in(c.Aggregate), nil, c.Pipeline)
		}
	case "update":
		for _, u := range c.Updates {
			list = append(list, query{in(c.Update), u.Q, nil, u.Hint})
		}
	case "delete":
		for _, d := range c.Deletes {
			list = append(list, query{in(c.Delete), d.Q, nil, d.Hint})
		}
	}
	return list
}

// pipeline returns the query with which a pipeline begins, filter included, and
// those of its later stages.
func pipeline(collection string, filter bson.D, stages []bson.D) (list []query) {
	first := query{collection: collection, filter: filter}
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
		{collection: "events", filter: bson.D{{Key: "text", Value: "x"}}},
		{collection: "events", filter: bson.D{{Key: "chat", Value: "x"}}, sort: bson.D{{Key: "at", Value: 1}}},
		{collection: "users"},
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
		if fault := planned(t, db, query{q.collection, branch.(bson.D), q.sort, q.hint}); fault != "" {
			return fault
		}
	}
	if branches != nil || onlyByID(q) {
		return ""
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
	if len(q.hint) > 0 {
		find = append(find, bson.E{Key: "hint", Value: q.hint})
	}
	reply, err := db.db.RunCommand(context.Background(), bson.D{{Key: "explain", Value: find}, {Key: "verbosity", Value: "queryPlanner"}}).Raw()
	if err != nil {
		t.Fatal(err)
	}
	stage, keys := scan(reply.Lookup("queryPlanner", "winningPlan").Document())
	if stage != "IXSCAN" && stage != "EXPRESS_IXSCAN" {
		return "the plan reads by " + stage
	}
	if !ordered(keys, q) {
		return fmt.Sprint("the index ", keys, " has another order")
	}
	return ""
}

// onlyByID reports whether a query reads a collection, or a range of it, in the order of
// _id. The index on _id serves it, although the stand-in shows a scan for a range.
func onlyByID(q query) bool {
	return len(q.sort) == 1 && q.sort[0].Key == "_id" && !slices.ContainsFunc(q.filter, func(e bson.E) bool { return e.Key != "_id" })
}

// scan returns the stage of a plan that reads the collection or an index, which is the last
// one, and the keys of the index. Of several such stages it returns the first that reads no
// index. MongoDB 8.0 has plans of one stage, EXPRESS_IXSCAN, for one value of a unique
// index.
// https://www.mongodb.com/docs/manual/reference/explain-results/
func scan(plan bson.Raw) (stage string, keys bson.D) {
	var p struct {
		Stage string
		Keys  bson.RawValue `bson:"keyPattern"`
		Query bson.Raw      `bson:"queryPlan"` // the plan, beside its form for the slot-based engine
		Input bson.Raw      `bson:"inputStage"`
		Or    []bson.Raw    `bson:"inputStages"`
	}
	if err := bson.Unmarshal(plan, &p); err != nil {
		return err.Error(), nil
	}
	switch {
	case p.Query != nil:
		return scan(p.Query)
	case p.Input != nil:
		return scan(p.Input)
	case len(p.Or) > 0:
		for _, input := range p.Or {
			if stage, keys = scan(input); keys == nil {
				break
			}
		}
		return stage, keys
	}
	if text, ok := p.Keys.StringValueOK(); ok { // of EXPRESS_IXSCAN: { chat: 1, user: 1 }
		for _, k := range regexp.MustCompile(`([\w.]+): (-?1)\b`).FindAllStringSubmatch(text, -1) {
			direction, _ := strconv.Atoi(k[2])
			keys = append(keys, bson.E{Key: k[1], Value: int32(direction)})
		}
		return p.Stage, keys
	}
	if d, ok := p.Keys.DocumentOK(); ok && bson.Unmarshal(d, &keys) != nil {
		return "an unknown " + p.Stage, nil
	}
	return p.Stage, keys
}

// The plans have the forms of MongoDB 5.0 to 8.0 and later.
func TestScan(t *testing.T) {
	for _, c := range []struct {
		name, plan, stage, keys string
	}{
		{"classic", `{"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "keyPattern": {"chat": 1, "seq": -1}}}`, "IXSCAN", "[{chat 1} {seq -1}]"},
		{"below a sort and a limit", `{"stage": "LIMIT", "inputStage": {"stage": "SORT", "inputStage": {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "keyPattern": {"a": 1}}}}}`, "IXSCAN", "[{a 1}]"},
		{"for the slot-based engine", `{"isCached": false, "queryPlan": {"stage": "FETCH", "inputStage": {"stage": "IXSCAN", "keyPattern": {"a": 1}}}, "slotBasedPlan": {"stages": "…"}}`, "IXSCAN", "[{a 1}]"},
		{"express, 8.0", `{"isCached": false, "stage": "EXPRESS_IXSCAN", "keyPattern": "{ chat: 1, user: 1 }", "indexName": "chat_1_user_1"}`, "EXPRESS_IXSCAN", "[{chat 1} {user 1}]"},
		{"express, later", `{"isCached": false, "stage": "EXPRESS_IXSCAN", "keyPattern": {"chat": 1, "user": -1}, "indexName": "chat_1_user_-1"}`, "EXPRESS_IXSCAN", "[{chat 1} {user -1}]"},
		{"a collection scan", `{"stage": "SORT", "inputStage": {"stage": "COLLSCAN"}}`, "COLLSCAN", "[]"},
		{"one branch without an index", `{"stage": "SUBPLAN", "inputStage": {"stage": "OR", "inputStages": [{"stage": "IXSCAN", "keyPattern": {"a": 1}}, {"stage": "COLLSCAN"}]}}`, "COLLSCAN", "[]"},
	} {
		var plan bson.Raw
		if err := bson.UnmarshalExtJSON([]byte(c.plan), false, &plan); err != nil {
			t.Fatal(err)
		}
		stage, keys := scan(plan)
		list := []string{}
		for _, k := range keys {
			list = append(list, fmt.Sprintf("{%s %v}", k.Key, k.Value))
		}
		if got := fmt.Sprint(list); stage != c.stage || got != c.keys {
			t.Errorf("%s: %s %s", c.name, stage, got)
		}
	}
}

// ordered reports whether an index returns rows in the query's order: the fields with one
// value, then those of the sort, all in the direction of the index or all in the other one.
func ordered(keys bson.D, q query) bool {
	sort, reverse := slices.Clone(q.sort), false
	for _, k := range keys {
		if len(sort) == 0 {
			return true
		}
		if sort[0].Key == k.Key {
			other := fmt.Sprint(sort[0].Value) != fmt.Sprint(k.Value)
			if len(sort) < len(q.sort) && other != reverse {
				return false
			}
			sort, reverse = sort[1:], other
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
