package e2e

import (
	"bytes"

	"github.com/tinylib/msgp/msgp"
)

// msgpackToJSON turns the first value of a message into JSON, so that the story
// reads both codecs with one type.
func msgpackToJSON(message []byte) (value, rest []byte) {
	rest, err := msgp.Skip(message)
	if err != nil {
		panic(err)
	}
	var out bytes.Buffer
	if _, err := msgp.UnmarshalAsJSON(&out, message[:len(message)-len(rest)]); err != nil {
		panic(err)
	}
	return out.Bytes(), rest
}
