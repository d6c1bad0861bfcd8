package search

import (
	"strconv"
	"strings"

	"parley/chat"
)

// cursor returns the cursor of the hits behind d.
func (d doc) cursor() string {
	return strconv.FormatInt(d.at, 10) + "." + strconv.FormatUint(uint64(d.seq), 10) + "." + string(d.chat)
}

func parseCursor(s string) (d doc, err error) {
	parts := strings.SplitN(s, ".", 3)
	bad := chat.FailField(chat.BadInput, "cursor", "cursor must be the next of a page of results")
	if len(parts) != 3 {
		return d, bad
	}
	seq, err := strconv.ParseUint(parts[1], 10, 63)
	if err != nil {
		return d, bad
	}
	if d.at, err = strconv.ParseInt(parts[0], 10, 64); err != nil || d.at < 0 || chat.CheckID("cursor", chat.ChatID(parts[2])) != nil {
		return d, bad
	}
	d.seq, d.chat = chat.Seq(seq), chat.ChatID(parts[2])
	return d, nil
}
