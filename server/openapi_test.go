package server

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-chi/chi/v5"

	"parley/chat"
	"parley/server/api"
	"parley/wire"
)

const documentPath = "../docs/openapi.yaml"

// document is docs/openapi.yaml. It tells clients to ignore unknown fields; here they are
// errors, so that every field is documented.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	doc, err := openapi3.NewLoader().LoadFromFile(documentPath)
	if err != nil {
		return nil, err
	}
	closed := false
	for _, s := range doc.Components.Schemas {
		if s.Value.Type.Is("object") {
			s.Value.AdditionalProperties.Has = &closed
		}
	}
	return doc, nil
})

// saw collects what the tests of this package received, for documented.
var saw = struct {
	sync.Mutex
	faults map[string]bool    // guarded by the mutex
	codes  map[chat.Code]bool // guarded by the mutex
}{faults: map[string]bool{}, codes: map[chat.Code]bool{}}

// note compares a call with the document: its status, its JSON answer, and the request's
// body if the call succeeded.
func note(s *Server, r *http.Request, asked any, status int, body []byte) {
	pattern := s.handler.(chi.Routes).Find(chi.NewRouteContext(), r.Method, r.URL.EscapedPath())
	fault := ""
	if pattern = documentPattern(pattern); pattern != "" && pattern != "/*" && pattern != "/api" { // no route, or a file of the page
		fault = compare(r.Method, pattern, asked, status, body)
	}
	var f api.Failure
	_ = json.Unmarshal(body, &f)
	saw.Lock()
	defer saw.Unlock()
	if fault != "" {
		saw.faults[fault] = true
	}
	if f.Error != nil {
		saw.codes[f.Error.Code] = true
	}
}

// documentPattern returns the pattern of a route as the document has it: without regular
// expressions.
func documentPattern(route string) string {
	return regexp.MustCompile(`:[^/]*}`).ReplaceAllString(strings.TrimSuffix(route, "/"), "}")
}

func compare(method, path string, asked any, status int, body []byte) string {
	doc, err := document()
	if err != nil {
		return err.Error()
	}
	where := fmt.Sprintf("%s %s %d: ", method, path, status)
	item := doc.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil {
		return where + "the operation is not documented"
	}
	response := item.GetOperation(method).Responses.Status(status)
	if response == nil {
		return where + "the status is not documented"
	}
	if _, raw := asked.([]byte); asked != nil && !raw && status < 300 {
		request := item.GetOperation(method).RequestBody
		if request == nil {
			return where + "no body of the request is documented"
		}
		if request.Value.Content["application/json"] == nil { // the bytes of a file
			return ""
		}
		if err := valid(request.Value.Content, wire.JSON.Encode(asked)); err != nil {
			return where + "request: " + err.Error()
		}
	}
	if response.Value.Content == nil {
		if len(body) > 0 && status < 300 {
			return where + "no body is documented"
		}
		return ""
	}
	if method == http.MethodHead || response.Value.Content["application/json"] == nil { // a file
		return ""
	}
	if err := valid(response.Value.Content, body); err != nil {
		return where + err.Error()
	}
	return ""
}

func valid(content openapi3.Content, body []byte) error {
	var v any
	if err := json.Unmarshal(body, &v); err != nil {
		return err
	}
	return content.Get("application/json").Schema.Value.VisitJSON(v, openapi3.DisableSchemaErrorDetails())
}

// documented reports whether every answer in the tests is as documented and, if all tests
// ran, whether every code occurred.
func documented() bool {
	saw.Lock()
	defer saw.Unlock()
	if ranAll() {
		for code := range api.Status {
			if !saw.codes[code] {
				saw.faults["no test saw the code "+string(code)] = true
			}
		}
	}
	for _, fault := range slices.Sorted(maps.Keys(saw.faults)) {
		fmt.Fprintln(os.Stderr, documentPath+":", fault)
	}
	return len(saw.faults) == 0
}

// ranAll reports whether all tests of the package ran.
func ranAll() bool { return flag.Lookup("test.run").Value.String() == "" }

func TestDocumentIsValid(t *testing.T) {
	doc, err := openapi3.NewLoader().LoadFromFile(documentPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(context.Background(), openapi3.IsOpenAPI31OrLater()); err != nil {
		t.Fatal(err)
	}
}

func TestRoutesAndDocumentAgree(t *testing.T) {
	x := start(t)
	routes := map[string]bool{}
	err := chi.Walk(x.s.handler.(chi.Routes), func(method, route string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if route != "/*" && !strings.HasPrefix(route, "/socket.io") { // not this document's: docs/socketio.md
			routes[method+" "+documentPattern(route)] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	for path, item := range doc.Paths.Map() {
		for method := range item.Operations() {
			if !routes[method+" "+path] {
				t.Errorf("%s %s is documented and not routed", method, path)
			}
			delete(routes, method+" "+path)
		}
	}
	for route := range routes {
		t.Errorf("%s is routed and not documented", route)
	}
}
