package request

import (
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"parley/chat"
)

// ChatID returns the chat that the path names.
func ChatID(r *http.Request) (chat.ChatID, error) {
	id := chat.ChatID(chi.URLParam(r, "chatId"))
	return id, chat.CheckID("chatId", id)
}

// Message returns the chat and the seq that the path names.
func Message(r *http.Request) (chat.ChatID, chat.Seq, error) {
	id, err := ChatID(r)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(chi.URLParam(r, "seq"), 10, 63)
	if err != nil || n == 0 {
		return "", 0, chat.FailField(chat.BadInput, "seq", "seq must be a message's number")
	}
	return id, chat.Seq(n), nil
}

// Member returns the chat and the user that the path names; "me" is the caller.
func Member(r *http.Request) (chat.ChatID, chat.UserID, error) {
	id, err := ChatID(r)
	if err != nil {
		return "", "", err
	}
	user := chat.UserID(chi.URLParam(r, "userId"))
	if user == "me" {
		user = CallerID(r)
	}
	return id, user, chat.CheckID("userId", user)
}
