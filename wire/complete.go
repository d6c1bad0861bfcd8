package wire

import (
	"reflect"
	"strings"
	"sync"

	"parley/chat"
)

// complete gives v as clients may count on it: a list that is always there is
// [] and not null, and a reply without an error has an ok. v itself stays as
// it is; the copy is made only when something is missing.
func complete(v any) any {
	switch r := v.(type) {
	case chat.Event, *chat.Event: // the hot one has no such list
		return v
	case *Reply:
		return complete(*r)
	case Reply:
		switch {
		case r.Part != nil:
			part := *r.Part
			if part.Chats == nil {
				part.Chats = []chat.Chat{}
			}
			if part.Users == nil {
				part.Users = []chat.User{}
			}
			r.Part = &part
		case r.OK != nil:
			r.OK = complete(r.OK)
		case r.Error == nil:
			r.OK = struct{}{}
		}
		return r
	}
	rv := reflect.Indirect(reflect.ValueOf(v))
	if rv.Kind() != reflect.Struct {
		return v
	}
	var whole reflect.Value
	for _, i := range lists(rv.Type()) {
		if !rv.Field(i).IsNil() {
			continue
		}
		if !whole.IsValid() {
			whole = reflect.New(rv.Type()).Elem()
			whole.Set(rv)
			v = whole.Addr().Interface()
		}
		f := whole.Field(i)
		f.Set(reflect.MakeSlice(f.Type(), 0, 0))
	}
	return v
}

var listsOf sync.Map // reflect.Type to []int, filled by lists

// lists gives the fields of a struct type that hold a list and are not omitempty.
func lists(t reflect.Type) []int {
	if known, ok := listsOf.Load(t); ok {
		return known.([]int)
	}
	var found []int
	for i := range t.NumField() {
		f := t.Field(i)
		if f.IsExported() && f.Type.Kind() == reflect.Slice && !strings.Contains(f.Tag.Get("json"), "omitempty") {
			found = append(found, i)
		}
	}
	listsOf.Store(t, found)
	return found
}
