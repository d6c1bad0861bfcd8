package index

import (
	"strconv"
	"strings"

	"parley/chat"
	"parley/search/segment"
)

// cursorOf returns the cursor of the hits after d.
func cursorOf(d segment.Doc) string {
	return strconv.FormatInt(d.At, 10) + "." + strconv.FormatUint(uint64(d.Seq), 10) + "." + string(d.Chat)
}

func parseCursor(s string) (d segment.Doc, err error) {
	parts := strings.SplitN(s, ".", 3)
	bad := chat.FailField(chat.BadInput, "cursor", "cursor must be the next of a page of results")
	if len(parts) != 3 {
		return d, bad
	}
	seq, err := strconv.ParseUint(parts[1], 10, 63)
	if err != nil {
		return d, bad
	}
	if d.At, err = strconv.ParseInt(parts[0], 10, 64); err != nil || d.At < 0 || chat.CheckID("cursor", chat.ChatID(parts[2])) != nil {
		return d, bad
	}
	d.Seq, d.Chat = chat.Seq(seq), chat.ChatID(parts[2])
	return d, nil
}
