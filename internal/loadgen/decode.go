package main

import "github.com/tinylib/msgp/msgp"

// value has the fields of a reply, an event or a signal that the storm scenario needs.
type value struct {
	Event, Signal, ChatID, Epoch string
	Seq                          uint64
	At                           int64
	Heads                        map[string]uint64 // of the chats in hello's reply
	Times                        map[string]int64  // activity of these chats
}

// eachValue calls f for each value of a message.
func eachValue(message []byte, f func(value)) error {
	for len(message) > 0 {
		var v value
		var err error
		message, err = eachField(message, func(key string, b []byte) ([]byte, error) {
			switch key {
			case "event":
				return readString(b, &v.Event)
			case "signal":
				return readString(b, &v.Signal)
			case "chatId":
				return readString(b, &v.ChatID)
			case "seq":
				return readUint(b, &v.Seq)
			case "at":
				return readInt(b, &v.At)
			case "ok":
				if msgp.NextType(b) == msgp.MapType {
					return v.readOK(b)
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

// readOK reads the result of hello or of a post.
func (v *value) readOK(b []byte) ([]byte, error) {
	return eachField(b, func(key string, b []byte) ([]byte, error) {
		switch key {
		case "epoch":
			return readString(b, &v.Epoch)
		case "seq":
			return readUint(b, &v.Seq)
		case "chats":
			v.Heads, v.Times = map[string]uint64{}, map[string]int64{}
			n, b, err := msgp.ReadArrayHeaderBytes(b)
			for range n {
				var id string
				var head uint64
				var at int64
				if err == nil {
					b, err = eachField(b, func(key string, b []byte) ([]byte, error) {
						switch key {
						case "id":
							return readString(b, &id)
						case "head":
							return readUint(b, &head)
						case "activity":
							return readInt(b, &at)
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

// eachField calls f forevery field of a map. f returns the bytes after the field.
func eachField(b []byte, f func(key string, b []byte) ([]byte, error)) ([]byte, error) {
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

func readString(b []byte, to *string) (rest []byte, err error) {
	*to, rest, err = msgp.ReadStringBytes(b)
	return rest, err
}

func readUint(b []byte, to *uint64) (rest []byte, err error) {
	*to, rest, err = msgp.ReadUint64Bytes(b)
	return rest, err
}

func readInt(b []byte, to *int64) (rest []byte, err error) {
	*to, rest, err = msgp.ReadInt64Bytes(b)
	return rest, err
}
