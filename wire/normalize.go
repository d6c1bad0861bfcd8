package wire

import (
	"reflect"
	"strings"
	"sync"

	"parley/chat"
)

// normalize returns v as the protocol promises it: a list that is not omitempty is never
// null, and a reply without an error has an ok. It copies v if something is missing and
// never changes it.
func normalize(v any) any {
	switch r := v.(type) {
	case chat.Event, *chat.Event: // the most frequent type, which has no such list
		return v
	case *Reply:
		return normalize(*r)
	case Failure:
		return Reply{Re: r.Re, Error: r.Error}
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
			r.OK = normalize(r.OK)
		case r.Error == nil:
			r.OK = struct{}{}
		}
		return r
	}
	rv := reflect.Indirect(reflect.ValueOf(v))
	if rv.Kind() != reflect.Struct {
		return v
	}
	var copied reflect.Value
	for _, i := range listFields(rv.Type()) {
		if !rv.Field(i).IsNil() {
			continue
		}
		if !copied.IsValid() {
			copied = reflect.New(rv.Type()).Elem()
			copied.Set(rv)
			v = copied.Addr().Interface()
		}
		f := copied.Field(i)
		f.Set(reflect.MakeSlice(f.Type(), 0, 0))
	}
	return v
}

var listFieldsOf sync.Map // reflect.Type to []int, filled by lists

// listFields returns the indices of a struct type's fields that are lists and not
// omitempty.
func listFields(t reflect.Type) []int {
	if known, ok := listFieldsOf.Load(t); ok {
		return known.([]int)
	}
	var found []int
	for i := range t.NumField() {
		f := t.Field(i)
		if f.IsExported() && f.Type.Kind() == reflect.Slice && !strings.Contains(f.Tag.Get("json"), "omitempty") {
			found = append(found, i)
		}
	}
	listFieldsOf.Store(t, found)
	return found
}
