package main

import "github.com/tinylib/msgp/msgp"

// value is what the storm needs of a value that Parley sent.
type value struct {
	Event, Signal, ChatID, Epoch string
	Seq                          uint64
	At                           int64
	Heads                        map[string]uint64 // of hello's chats
	Times                        map[string]int64  // of those heads
}

// values calls f for each value of a message.
func values(message []byte, f func(value)) error {
	for len(message) > 0 {
		var v value
		var err error
		message, err = each(message, func(key string, b []byte) ([]byte, error) {
			switch key {
			case "event":
				return str(b, &v.Event)
			case "signal":
				return str(b, &v.Signal)
			case "chatId":
				return str(b, &v.ChatID)
			case "seq":
				return number(b, &v.Seq)
			case "at":
				return millis(b, &v.At)
			case "ok":
				if msgp.NextType(b) == msgp.MapType {
					return v.ok(b)
				}
			}
			return msgp.Skip(b)
		})
		if err != nil {
			return err
		}
		f(v)
	}
	return nil
}

// ok reads the answer to hello, or to a post.
func (v *value) ok(b []byte) ([]byte, error) {
	return each(b, func(key string, b []byte) ([]byte, error) {
		switch key {
		case "epoch":
			return str(b, &v.Epoch)
		case "seq":
			return number(b, &v.Seq)
		case "chats":
			v.Heads, v.Times = map[string]uint64{}, map[string]int64{}
			n, b, err := msgp.ReadArrayHeaderBytes(b)
			for range n {
				var id string
				var head uint64
				var at int64
				if err == nil {
					b, err = each(b, func(key string, b []byte) ([]byte, error) {
						switch key {
						case "id":
							return str(b, &id)
						case "head":
							return number(b, &head)
						case "activity":
							return millis(b, &at)
						}
						return msgp.Skip(b)
					})
				}
				v.Heads[id], v.Times[id] = head, at
			}
			return b, err
		}
		return msgp.Skip(b)
	})
}

// each calls f for every field of a map; f gives what lies behind the field.
func each(b []byte, f func(key string, b []byte) ([]byte, error)) ([]byte, error) {
	n, b, err := msgp.ReadMapHeaderBytes(b)
	for range n {
		var key []byte
		if err == nil {
			key, b, err = msgp.ReadMapKeyZC(b)
		}
		if err == nil {
			b, err = f(string(key), b)
		}
	}
	return b, err
}

func str(b []byte, to *string) (rest []byte, err error) {
	*to, rest, err = msgp.ReadStringBytes(b)
	return rest, err
}

func number(b []byte, to *uint64) (rest []byte, err error) {
	*to, rest, err = msgp.ReadUint64Bytes(b)
	return rest, err
}

func millis(b []byte, to *int64) (rest []byte, err error) {
	*to, rest, err = msgp.ReadInt64Bytes(b)
	return rest, err
}
