package mongo

import "parley/chat"

type person struct{ ID chat.UserID }

func (p person) user() chat.User { return chat.User{} }
