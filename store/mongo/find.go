package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"parley/chat"
)

// beyond sorts above every text that begins as another one does.
const beyond = "\U0010FFFF"

// hit is a word and the user whom it found.
type hit struct {
	Word  wordDoc   `bson:",inline"`
	Users []userDoc `bson:"users"`
}

// FindUsers reads the range of words that begin with q. A user who has several of them is
// returned at the first one.
func (db *DB) FindUsers(ctx context.Context, q, after string, limit int) (found []chat.User, next string, err error) {
	q = chat.SearchKey(q)
	from, user, err := chat.ParseSearchNext(q, after)
	if err != nil {
		return nil, "", err
	}
	err = db.read(ctx, "find users", func(ctx context.Context) error {
		found, next = nil, ""
		for {
			// limit+1 documents are enough for a page and to find whether there is a
			// next one, unless some users came twice: then the loop reads on.
			page, err := db.hits(ctx, q, from, user, limit+1)
			if err != nil {
				return err
			}
			for _, h := range page {
				if u := h.Users[0].user(); chat.FirstWord(u, q, h.Word.Word) {
					if len(found) == limit {
						next = chat.SearchNext(from, user)
						return nil
					}
					found = append(found, u)
				}
				from, user = h.Word.Word, h.Word.User
			}
			if len(page) <= limit {
				return nil
			}
		}
	})
	if err != nil {
		return nil, "", err
	}
	return found, next, nil
}

// hits reads the words behind a place that begin with q, and their users.
func (db *DB) hits(ctx context.Context, q, from string, user chat.UserID, limit int) ([]hit, error) {
	same := bson.D{{Key: "word", Value: from}, {Key: "user", Value: bson.D{{Key: "$gt", Value: user}}}}
	above := bson.D{{Key: "word", Value: bson.D{{Key: "$gt", Value: from}, {Key: "$lt", Value: q + beyond}}}}
	cur, err := db.words.Aggregate(ctx, mongo.Pipeline{{{Key: "$match", Value: bson.D{{Key: "$or", Value: bson.A{same, above}}}}},
		{{Key: "$sort", Value: key("word", "user")}}, {{Key: "$limit", Value: limit}},
		{{Key: "$lookup", Value: bson.D{{Key: "from", Value: db.users.Name()}, {Key: "localField", Value: "user"}, {Key: "foreignField", Value: "_id"}, {Key: "as", Value: "users"}}}}})
	return all[hit](ctx, cur, err)
}
