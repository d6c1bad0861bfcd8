package wire

import (
	"errors"
	"fmt"

	"github.com/shamaton/msgpack/v2"
	"github.com/tinylib/msgp/msgp"
)

// ErrMalformed is wrapped by errors about bytes that are not a well-formed value.
var ErrMalformed = errors.New("wire: malformed")

// encodeMsgPack appends v. It uses the stream form, because MarshalAsMap of v2.4.1
// fails for a struct of more than 15 fields of which 15 or fewer are written.
func encodeMsgPack(dst []byte, v any) ([]byte, error) {
	w := appender{dst}
	err := msgpack.MarshalWriteAsMap(&w, v)
	return w.b, err
}

// checkMsgPack checks the first value of b and returns it.
func checkMsgPack(b []byte) (value, rest []byte, err error) {
	if rest, err = skip(b, maxDepth); err != nil {
		return nil, nil, err
	}
	return b[:len(b)-len(rest)], rest, nil
}

// skip returns what follows the first MessagePack value of b. It checks that the
// value is complete and nested at most depth deep. Its work is bounded by the length
// of b, since each member that a header claims takes at least one byte.
func skip(b []byte, depth int) (rest []byte, err error) {
	kind := msgp.NextType(b)
	if kind != msgp.ArrayType && kind != msgp.MapType {
		if rest, err = msgp.Skip(b); err != nil {
			return nil, fmt.Errorf("%w: not a complete MessagePack value", ErrMalformed)
		}
		return rest, nil
	}
	if depth == 0 {
		return nil, fmt.Errorf("%w: nested deeper than %d", ErrMalformed, maxDepth)
	}
	members, rest, err := header(kind, b)
	if err != nil {
		return nil, fmt.Errorf("%w: not a complete MessagePack value", ErrMalformed)
	}
	for ; members > 0; members-- {
		if rest, err = skip(rest, depth-1); err != nil {
			return nil, err
		}
	}
	return rest, nil
}

// header reads the header of a list or map and returns the number of values in it.
func header(kind msgp.Type, b []byte) (members uint64, rest []byte, err error) {
	var n uint32
	if kind == msgp.MapType {
		n, rest, err = msgp.ReadMapHeaderBytes(b)
		return 2 * uint64(n), rest, err
	}
	n, rest, err = msgp.ReadArrayHeaderBytes(b)
	return uint64(n), rest, err
}

// readItemMsgPack reads the first item of bytes that skip accepted.
func readItemMsgPack(b []byte) (it item, rest []byte) {
	switch kind := msgp.NextType(b); kind {
	case msgp.NilType:
		rest = b[1:]
	case msgp.StrType:
		it.kind = kindString
		it.text, rest, _ = msgp.ReadStringZC(b)
	case msgp.BoolType:
		it.kind = kindBool
		it.boolean, rest, _ = msgp.ReadBoolBytes(b)
	case msgp.IntType:
		var i int64
		i, rest, _ = msgp.ReadInt64Bytes(b)
		it.kind, it.n, it.neg = kindInt, uint64(i), i < 0
		if it.neg {
			it.n = -it.n
		}
	case msgp.UintType:
		it.kind = kindInt
		it.n, rest, _ = msgp.ReadUint64Bytes(b)
	case msgp.Float32Type, msgp.Float64Type:
		it.kind = kindFloat
		it.float, rest, _ = msgp.ReadFloat64Bytes(b)
	case msgp.ArrayType, msgp.MapType:
		it.kind = kindList
		if kind == msgp.MapType {
			it.kind = kindMap
		}
		members, body, _ := header(kind, b)
		for rest = body; members > 0; members-- {
			rest, _ = skip(rest, maxDepth)
		}
		it.body = body[:len(body)-len(rest)]
	default:
		it.kind = kindOther
		rest, _ = msgp.Skip(b)
	}
	return it, rest
}
