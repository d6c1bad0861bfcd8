package mongo

type sighting struct{}

const maxSeen = 1024

func (db *DB) noteSeen() {}
