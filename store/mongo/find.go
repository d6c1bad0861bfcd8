package mongo

import (
	"context"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"parley/chat"
)

// beyond sorts above every text that begins as another one does.
const beyond = "\U0010FFFF"

// wordDoc is a document of user_words: one of the words by which a user is found
// (chat.SearchWords).
type wordDoc struct {
	Word string      `bson:"word"`
	User chat.UserID `bson:"user"`
}

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

// hits reads the words after a place that begin with q, and their users.
func (db *DB) hits(ctx context.Context, q, from string, user chat.UserID, limit int) ([]hit, error) {
	same := bson.D{{Key: "word", Value: from}, {Key: "user", Value: bson.D{{Key: "$gt", Value: user}}}}
	above := bson.D{{Key: "word", Value: bson.D{{Key: "$gt", Value: from}, {Key: "$lt", Value: q + beyond}}}}
	cur, err := db.words.Aggregate(ctx, mongo.Pipeline{{{Key: "$match", Value: bson.D{{Key: "$or", Value: bson.A{same, above}}}}},
		{{Key: "$sort", Value: key("word", "user")}}, {{Key: "$limit", Value: limit}},
		{{Key: "$lookup", Value: bson.D{{Key: "from", Value: db.users.Name()}, {Key: "localField", Value: "user"}, {Key: "foreignField", Value: "_id"}, {Key: "as", Value: "users"}}}}})
	return all[hit](ctx, cur, err)
}

// replaceWords deletes all words of the user, also those that another version of
// chat.SearchWords made.
func replaceWords(t *tx, u chat.User) error {
	if _, err := t.db.users.UpdateByID(t.ctx, u.ID, set(bson.E{Key: "words", Value: wordsVersion})); err != nil {
		return err
	}
	if _, err := t.db.words.DeleteMany(t.ctx, bson.D{{Key: "user", Value: u.ID}}); err != nil {
		return err
	}
	return insertWords(t, u)
}

func insertWords(t *tx, u chat.User) error {
	var words []wordDoc
	for _, w := range chat.SearchWords(u) {
		words = append(words, wordDoc{w, u.ID})
	}
	_, err := t.db.words.InsertMany(t.ctx, words)
	return err
}

// wordsVersion is the version of chat.SearchWords by which a user's words were made. It was
// not stored before names were folded.
const wordsVersion = 2

// renewBatch is the number of users whose words are made again in one transaction.
const renewBatch = 100

// renewWords makes the words again of users who have those of an older version. Other
// replicas, also of an older Parley, may make or rename users meanwhile: each transaction
// writes the documents of its users, so that of two that contradict each other one is
// judged again. Words that an older Parley makes later are renewed at the next start.
func (db *DB) renewWords(ctx context.Context) error {
	for {
		cur, err := db.users.Find(ctx, bson.D{{Key: "words", Value: nil}}, options.Find().SetLimit(renewBatch).SetProjection(key("_id")))
		users, err := all[userDoc](ctx, cur, err)
		if err != nil {
			return storeError(err, "read users")
		}
		if len(users) == 0 {
			return nil
		}
		err = db.write(ctx, "", "make search words", func(t *tx) error {
			for _, p := range users {
				u, _, err := t.user(p.ID)
				if err != nil {
					return err
				}
				if err := replaceWords(t, u); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
