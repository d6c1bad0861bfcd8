package sqlite

import (
	"context"
	"strconv"
	"strings"

	"parley/chat"
)

// Unread returns how many unread messages the chats of a user have. It reads them as one text, as
// choose does, and of a chat without new events no more than its head.
func (db *DB) Unread(ctx context.Context, user chat.UserID) (map[chat.ChatID]int, error) {
	var all string
	err := db.row(ctx, `SELECT ifnull(group_concat(u.n || ' ' || u.chat), '') FROM (
		SELECT m.chat, c.n - `+postsRead+` - `+deletedUnread+` AS n
		FROM members m CROSS JOIN chats c ON c.id = m.chat WHERE m.user = ? AND c.head > `+readTo+`) u WHERE u.n > 0`, string(user)).Scan(&all)
	if err != nil || all == "" {
		return nil, storeError(err, "count unread messages")
	}
	unread := map[chat.ChatID]int{}
	for one := range strings.SplitSeq(all, ",") {
		n, id, _ := strings.Cut(one, " ")
		unread[chat.ChatID(id)], _ = strconv.Atoi(n) // the column is a number
	}
	return unread, nil
}
