package wire

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"parley/chat"
)

// Unmarshal decodes the body of an HTTP request into the struct that v points to, by
// its json tags: exactly one value, strictly typed. Unknown fields are ignored; null
// equals absent. Every error is a *chat.Error (bad_input) and names the field where
// there is one.
//
// A MessagePack body is converted to JSON first, so that types are checked in one
// place. It may hold nil, bool, integers, floats, str, array and map with str keys,
// which is what JSON can express.
func (c *Codec) Unmarshal(body []byte, v any) error {
	body, err := c.body(body)
	if errors.Is(err, ErrMalformed) {
		return chat.FailCause(chat.BadInput, err, "the body must be one well-formed value, nested at most %d deep", maxDepth)
	}
	if err != nil {
		return err
	}
	fields, err := knownFields(body, v)
	if err != nil {
		return err
	}
	var wrong *json.UnmarshalTypeError
	switch err := json.Unmarshal(fields, v); {
	case err == nil:
		return nil
	case errors.As(err, &wrong) && wrong.Field != "":
		return chat.FailField(chat.BadInput, wrong.Field, "%s must be %s", wrong.Field, typeName(wrong.Type))
	default:
		return chat.FailCause(chat.BadInput, err, "the body must be a map of fields")
	}
}

// knownFields removes the fields of a body whose names are not exactly those of v's tags:
// encoding/json would ignore case, and accept letters that fold to others. It refuses
// what encoding/json would change or accept silently.
func knownFields(body []byte, v any) ([]byte, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(body, &fields); err != nil || fields == nil {
		return nil, chat.FailCause(chat.BadInput, err, "the body must be a map of fields")
	}
	return onlyKnown(fields, reflect.TypeOf(v).Elem(), "")
}

// onlyKnown is knownFields of a map; path is that of the map, with a dot at its end.
func onlyKnown(fields map[string]json.RawMessage, t reflect.Type, path string) ([]byte, error) {
	known := make(map[string]json.RawMessage, t.NumField())
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		value, ok := fields[name]
		switch {
		case !ok:
			continue
		case halfSurrogate(value):
			return nil, chat.FailField(chat.BadInput, path+name, "%s must be UTF-8", path+name)
		case name == "clientId" && string(value) == `""`: // else it would count as absent
			return nil, chat.CheckClientID("")
		}
		inner := t.Field(i).Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		var within map[string]json.RawMessage
		if inner.Kind() == reflect.Struct && json.Unmarshal(value, &within) == nil && within != nil {
			var err error
			if value, err = onlyKnown(within, inner, path+name+"."); err != nil {
				return nil, err
			}
		}
		known[name] = value
	}
	return json.Marshal(known) // cannot fail: the values are JSON
}

// typeName returns the name of a field's type for an error message.
func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice, reflect.Array:
		return "a list"
	case reflect.Struct, reflect.Map:
		return "a map"
	case reflect.Float32, reflect.Float64:
		return "a number"
	default:
		return "a whole number in its range"
	}
}

// msgPackToJSON converts one MessagePack value to JSON. No byte may follow the value.
func msgPackToJSON(body []byte) ([]byte, error) {
	value, rest, err := checkMsgPack(body)
	if err != nil {
		return nil, err
	}
	if len(rest) > 0 {
		return nil, ErrMalformed
	}
	it, _ := readItemMsgPack(value)
	return appendJSON(make([]byte, 0, len(body)+len(body)/4), it, "")
}

// appendJSON writes a checked item; field is its path, for the error.
func appendJSON(dst []byte, it item, field string) ([]byte, error) {
	switch it.kind {
	case kindNull:
		return append(dst, "null"...), nil
	case kindBool:
		return strconv.AppendBool(dst, it.boolean), nil
	case kindInt:
		if it.neg {
			dst = append(dst, '-')
		}
		return strconv.AppendUint(dst, it.n, 10), nil
	case kindFloat:
		if math.IsNaN(it.float) || math.IsInf(it.float, 0) {
			return nil, chat.FailField(chat.BadInput, field, "a number must be finite")
		}
		// Always with an exponent, so that 1.0 is not taken for an integer.
		return strconv.AppendFloat(dst, it.float, 'e', -1, 64), nil
	case kindString:
		return appendText(dst, it.text, field)
	case kindList:
		return appendMembers(append(dst, '['), it, field, ']')
	case kindMap:
		return appendMembers(append(dst, '{'), it, field, '}')
	default:
		return nil, chat.FailField(chat.BadInput, field, "binary and extension types are not used here; text is a string")
	}
}

func appendMembers(dst []byte, it item, field string, end byte) ([]byte, error) {
	var one item
	var err error
	for body := it.body; len(body) > 0; {
		path := field
		if len(body) < len(it.body) {
			dst = append(dst, ',')
		}
		if it.kind == kindMap {
			if one, body = readItemMsgPack(body); one.kind != kindString {
				return nil, chat.FailField(chat.BadInput, field, "the keys of a map must be strings")
			}
			if dst, err = appendText(dst, one.text, field); err != nil {
				return nil, err
			}
			dst = append(dst, ':')
			path = join(field, one.text)
		}
		one, body = readItemMsgPack(body)
		if dst, err = appendJSON(dst, one, path); err != nil {
			return nil, err
		}
	}
	return append(dst, end), nil
}

func appendText(dst, s []byte, field string) ([]byte, error) {
	if !utf8.Valid(s) {
		return nil, chat.FailField(chat.BadInput, field, "a string must be UTF-8")
	}
	b, err := json.Marshal(string(s))
	return append(dst, b...), err
}

// join returns the path of a field as encoding/json names it. It is cut, since the
// sender chose the name.
func join(path string, name []byte) string {
	if path != "" {
		path += "."
	}
	return chat.Cut(path+string(name), 64)
}
