package server

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"

	"parley/chat"
	"parley/server/api"
	"parley/server/service"
)

// Every constraint of the document on a request is the server's: the values at its bounds
// are accepted, and those beyond are refused with an error that names the field.
func TestConstraintsAreTheServers(t *testing.T) {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	x := start(t, withFiles(t, t.TempDir()))
	owner, bob := x.addOwner(), x.addUser("bob")
	id := owner.group(bob)
	seq := owner.post(id, "hello")
	in := map[string]string{"chatId": string(id), "userId": string(bob.user.ID), "sessionId": string(bob.session.ID),
		"inviteId": "0123456789abcdef", "seq": fmt.Sprint(seq), "emoji": "👍", "except": "current", "after": "0",
		"fileId": string(owner.upload(id, "name=a.png", testPicture(t, "place.png")).ID), "pictureId": owner.setPicture("/api/me/picture")}
	bodies := map[string]m{
		"patchServer": {}, "createAccount": {"handle": "cai", "name": "Cai", "password": password}, "createSession": {"handle": "bob", "password": password},
		"endSessions": {"password": password}, "endSession": {"password": password},
		"patchMe": {}, "patchUser": {}, "createRecovery": {"userId": bob.user.ID}, "useRecovery": {"code": "none", "password": password},
		"createInvite": {}, "peekInvite": {"code": "none"}, "acceptInvite": {"code": "none"}, "createChat": {"clientId": "1", "kind": "group"},
		"patchChat": {}, "deleteChat": {}, "putMember": {}, "deleteMember": {}, "postMessage": {"clientId": "1", "text": "hello"}, "patchMessage": {"text": "hello"},
		"deleteMessage": {}, "putReaction": {}, "deleteReaction": {}, "putRead": {"seq": 1}, "patchMine": {}, "putPin": {}, "deletePin": {}, "putPushSubscription": newBrowser("https://push.example.com/1").subscription(),
	}
	for path, item := range doc.Paths.Map() {
		for method, op := range item.Operations() {
			if op.OperationID == "" {
				t.Errorf("%s %s has no operationId", method, path)
			}
			if slices.ContainsFunc(op.Parameters, func(p *openapi3.ParameterRef) bool { return p.Value.In == "header" }) {
				continue // of tus: TestTus has its headers
			}
			for _, p := range op.Parameters {
				for value, ok := range judged(p.Value.Schema.Value) {
					if text, fits := inURL(value); fits {
						changed := maps.Clone(in)
						changed[p.Value.Name] = text
						check(t, owner.call(method, pathOf(path, op, changed, p.Value.Name), bodyOf(bodies, op)), p.Value.Name, value, ok)
					}
				}
			}
			if op.RequestBody == nil || op.RequestBody.Value.Content["application/json"] == nil {
				continue // no fields
			}
			body, listed := bodies[op.OperationID]
			if !listed {
				t.Errorf("no example of a body of %s", op.OperationID)
				continue
			}
			s := schemaOf(op)
			if required := len(s.Required) > 0; required != op.RequestBody.Value.Required {
				t.Errorf("%s: the body is required: %v, want %v", op.OperationID, !required, required)
			}
			for name, property := range s.Properties {
				values := judged(property.Value)
				if slices.Contains(s.Required, name) {
					values["null"] = false
				}
				for value, ok := range values {
					if value == `"direct"` {
						continue // has a schema of its own
					}
					changed := maps.Clone(body)
					changed[name] = json.RawMessage(value)
					check(t, owner.call(method, pathOf(path, op, in, ""), changed), name, value, ok)
				}
			}
		}
	}
}

// check asserts that the answer refuses the value of the field, or does not.
func check(t *testing.T, a *answer, field, value string, ok bool) {
	t.Helper()
	refused := false
	if a.status == http.StatusBadRequest || a.status == http.StatusUnprocessableEntity {
		refused = a.failure().Field == field
	}
	if refused == ok {
		t.Errorf("%s: %s %s: accepted %v, want %v: %d %s", a.call, field, chat.Cut(value, 80), !refused, ok, a.status, chat.Cut(string(a.body), 200))
	}
}

// schemaOf returns the schema of an operation's body, of which a group is the first.
func schemaOf(op *openapi3.Operation) *openapi3.Schema {
	s := op.RequestBody.Value.Content.Get("application/json").Schema.Value
	if len(s.OneOf) > 0 {
		s = s.OneOf[0].Value
	}
	return s
}

func bodyOf(bodies map[string]m, op *openapi3.Operation) any {
	if op.RequestBody == nil {
		return nil
	}
	return bodies[op.OperationID]
}

// pathOf returns the path with the values of the parameters that are required, and of the
// named one.
func pathOf(path string, op *openapi3.Operation, values map[string]string, name string) string {
	query := url.Values{}
	for _, p := range op.Parameters {
		switch v := values[p.Value.Name]; {
		case p.Value.In == "path":
			path = strings.ReplaceAll(path, "{"+p.Value.Name+"}", url.PathEscape(v))
		case p.Value.Required || p.Value.Name == name:
			query.Set(p.Value.Name, v)
		}
	}
	return path + "?" + query.Encode()
}

// inURL returns a JSON value as it is written in a URL; fits is false for one that has no
// such form, or that stands for another path.
func inURL(value string) (text string, fits bool) {
	var v any
	d := json.NewDecoder(strings.NewReader(value))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return "", false
	}
	switch v := v.(type) {
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = fmt.Sprint(v[i])
		}
		return strings.Join(parts, ","), true
	case string:
		return v, v != ""
	case json.Number, bool:
		return fmt.Sprint(v), true
	}
	return "", false
}

// judged returns values at the bounds of a schema and beyond, in JSON, with whether the
// schema allows them.
func judged(s *openapi3.Schema) map[string]bool {
	if len(s.AnyOf) > 0 { // a schema, or null
		values := judged(s.AnyOf[0].Value)
		values["null"] = true
		return values
	}
	values := map[string]bool{}
	if s.Type.Includes("null") {
		values["null"] = true
	}
	switch {
	case s.Type.Includes("integer"):
		values[`"x"`], values["1.5"] = false, false
		if s.Min != nil {
			values[fmt.Sprint(int64(*s.Min)-1)] = false
			values[fmt.Sprint(int64(*s.Min))] = true
		}
		if s.Max != nil {
			values[fmt.Sprintf("%.0f", *s.Max+1)] = false // for 2^63-1, which float64 rounds up, 2^63
			if *s.Max < 1<<53 {
				values[fmt.Sprint(int64(*s.Max))] = true
			}
		}
	case s.Type.Includes("boolean"):
		values[`"yes"`], values["true"], values["false"] = false, true, true
	case s.Type.Includes("array"):
		values["{}"] = false
		items := func(n uint64) string { return "[" + strings.TrimSuffix(strings.Repeat(`"x",`, int(n)), ",") + "]" }
		if s.MaxItems != nil {
			values[items(*s.MaxItems)], values[items(*s.MaxItems+1)] = true, false
		}
	case s.Type.Includes("string"):
		judgedStrings(s, values)
	}
	return values
}

func judgedStrings(s *openapi3.Schema, values map[string]bool) {
	text := func(v string) string { b, _ := json.Marshal(v); return string(b) }
	values["{}"] = false
	letter, wide := "a", "é"
	if s.Format == "password" { // not that of a name, of which a password must not consist, nor one that is repeated
		letter, wide = "bc", "öü"
	}
	fill := func(of string, n int) string { return string([]rune(strings.Repeat(of, n))[:n]) }
	for _, v := range s.Enum {
		values[text(v.(string))] = true
		values[`"nonsense"`] = false
		return
	}
	if s.MinLength > 0 {
		values[`""`] = false
	}
	if s.MinLength > 1 {
		values[text(fill(letter, int(s.MinLength)-1))] = false
	}
	if s.MaxLength != nil {
		values[text(fill(letter, int(*s.MaxLength)))] = true
		values[text(fill(letter, int(*s.MaxLength)+1))] = false
	}
	if n, ok := s.Extensions["x-max-bytes"].(float64); ok {
		values[text(fill(wide, int(n)/2))] = true
		values[text(fill(wide, int(n)/2+1))] = false
		if s.MaxLength == nil || *s.MaxLength != uint64(n) {
			values["maxLength and x-max-bytes differ"] = true
		}
	}
	if s.Pattern != "" {
		values[text("ä€ä€ä€ä€")] = false
	}
	switch s.Format {
	case "name":
		values[`"  "`], values[`"a\u0007b"`] = false, false
	case "line":
		values[`"a\u0007b"`] = false
	case "emoji":
		values[`"👍"`], values[`"a b"`], values[`"x"`] = true, false, false
	case "handle":
		values[`" @New.Handle "`], values[`"new handle"`], values[`"everyone"`], values[`"a"`] = true, false, false, false
	}
}

// Answers have no enum, which would tell clients to fail on values of later versions. They
// list the known values, and those are all that the code has.
func TestAnswersListKnownValues(t *testing.T) {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	of := func(schema string, path ...string) []any {
		s := doc.Components.Schemas[schema].Value
		for _, name := range path {
			s = s.Properties[name].Value
		}
		known, _ := s.Extensions["x-extensible-enum"].([]any)
		return known
	}
	equal := func(name string, got, want []any) {
		text := func(v any) string { return fmt.Sprint(v) }
		compare := func(a, b any) int { return strings.Compare(text(a), text(b)) }
		slices.SortFunc(got, compare)
		slices.SortFunc(want, compare)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	equal("Event.event", of("Event", "event"), anys(chat.Kinds()...))
	equal("Event.reason", of("Event", "reason"), anys("removed", chat.ReasonDeleted))
	equal("Failure.error.code", of("Failure", "error", "code"), anys(slices.Collect(maps.Keys(api.Status))...))
	equal("Role", of("Role"), anys(chat.RoleMember, chat.RoleAdmin))
	equal("ChatKind", of("ChatKind"), anys(chat.Group, chat.Direct))
	equal("Server.registration", of("Server", "registration"), anys(service.ByInvite, service.Open, service.Closed))

	seen := map[*openapi3.Schema]bool{}
	var walk func(where string, s *openapi3.SchemaRef)
	walk = func(where string, s *openapi3.SchemaRef) {
		if s == nil || seen[s.Value] {
			return
		}
		seen[s.Value] = true
		if len(s.Value.Enum) > 0 || s.Value.Const != nil {
			t.Errorf("%s is closed", where)
		}
		walk(where+"[]", s.Value.Items)
		for name, p := range s.Value.Properties {
			walk(where+"."+name, p)
		}
	}
	for name, r := range doc.Components.Responses {
		for _, content := range r.Value.Content {
			walk(name, content.Schema)
		}
	}
}

// The document states the defaults and lifetimes that the code has.
func TestDocumentedDefaults(t *testing.T) {
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	of := func(parameter string) any { return doc.Components.Parameters[parameter].Value.Schema.Value.Default }
	if got := fmt.Sprint(of("limit"), of("eventLimit")); got != fmt.Sprint(chat.DefaultPage, " ", 200) {
		t.Errorf("defaults %s", got)
	}
	text := strings.Join(strings.Fields(doc.Info.Description), " ")
	const day = 24 * 60 * 60 * 1000
	for _, sentence := range []string{
		fmt.Sprintf("after %d days without use", chat.SessionTTL/day),
		fmt.Sprintf("%d days after its creation", chat.DefaultInviteLife/day),
		fmt.Sprintf("a recovery link after %s or one use", map[int]string{60: "an hour"}[chat.RecoveryLife/60_000]),
	} {
		if !strings.Contains(text, sentence) {
			t.Errorf("no %q", sentence)
		}
	}
}

func anys[T any](values ...T) []any {
	list := make([]any, len(values))
	for i := range values {
		list[i] = values[i]
	}
	return list
}

// protocol.md lists every code with its HTTP status, and no others.
func TestProtocolListsCodes(t *testing.T) {
	page, err := os.ReadFile("../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{}
	for code, status := range api.Status {
		want[string(code)] = fmt.Sprint(status)
	}
	got := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (\\d{3}) \\|").FindAllStringSubmatch(string(page), -1) {
		got[row[1]] = row[2]
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
