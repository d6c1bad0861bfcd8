package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"slices"
	"strconv"

	"parley/chat"
)

// IndexManifest is [chat.Index].IndexManifest.
func (db *DB) IndexManifest(ctx context.Context) (manifest []byte, revision int64, err error) {
	err = db.row(ctx, `SELECT data, revision FROM search_manifest WHERE id = 1`).Scan(&manifest, &revision)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, 0, nil
	}
	return manifest, revision, storeError(err, "read the search index")
}

// Leaves is [chat.Index].Leaves.
func (db *DB) Leaves(ctx context.Context, segment int64, from, to string, limit int) (leaves []chat.Leaf, err error) {
	rows, err := db.rows(ctx, `SELECT key, data FROM search_leaves WHERE segment = ? AND key >= ? ORDER BY key LIMIT ?`, segment, []byte(from), limit)
	if err != nil {
		return nil, storeError(err, "read the search index")
	}
	defer rows.Close()
	end := []byte(to)
	var key sql.RawBytes
	for rows.Next() {
		var data []byte
		if err := rows.Scan(&key, &data); err != nil {
			return nil, storeError(err, "read the search index")
		}
		leaves = append(leaves, chat.Leaf{Segment: segment, Key: string(key), Data: data})
		if bytes.Compare(key, end) >= 0 {
			break
		}
	}
	return leaves, storeError(rows.Err(), "read the search index")
}

// ChangeIndex is [chat.Index].ChangeIndex.
func (db *DB) ChangeIndex(ctx context.Context, c chat.IndexChange) error {
	write := db.write
	if len(c.Forget) > 0 {
		write = db.writeWhenFull
	}
	return write(ctx, func(t *tx) error { return t.changeIndex(&c) })
}

func (t *tx) changeIndex(c *chat.IndexChange) error {
	n, err := t.exec(`UPDATE search_manifest SET revision = revision + 1, data = ? WHERE id = 1 AND revision = ?`, c.Manifest, c.Revision)
	if err == nil && n == 0 && c.Revision == 0 {
		n, err = t.exec(`INSERT INTO search_manifest (id, revision, data) VALUES (1, 1, ?) ON CONFLICT (id) DO NOTHING`, c.Manifest)
	}
	if err != nil {
		return err
	}
	if n == 0 {
		return chat.IndexChanged()
	}
	for i := range c.Remove {
		if _, err := t.exec(`DELETE FROM search_leaves WHERE segment = ? AND key = ?`, c.Remove[i].Segment, []byte(c.Remove[i].Key)); err != nil {
			return err
		}
	}
	for i := range c.Put {
		if _, err := t.exec(`INSERT INTO search_leaves (segment, key, data) VALUES (?, ?, ?) ON CONFLICT (segment, key) DO UPDATE SET data = excluded.data`,
			c.Put[i].Segment, []byte(c.Put[i].Key), c.Put[i].Data); err != nil {
			return err
		}
	}
	for _, x := range c.Chats {
		if err := t.recordOutdated(x, c.Covered); err != nil {
			return err
		}
		if _, err := t.exec(`INSERT INTO search_chats (chat, first, last, first_at) VALUES (?, ?, ?, ?)
			ON CONFLICT (chat) DO UPDATE SET first = excluded.first, last = excluded.last, first_at = excluded.first_at`,
			string(x.ChatID), int64(x.First), int64(x.Last), x.FirstAt); err != nil {
			return err
		}
	}
	for i := range c.Forget {
		t.scrubDue = true
		id, err := strconv.ParseInt(c.Forget[i].ID, 10, 64)
		if err != nil {
			return err
		}
		if _, err := t.exec(`DELETE FROM search_replaced WHERE id = ?`, id); err != nil {
			return err
		}
		if m := &c.Forget[i].Message; m.Seq == 0 {
			if _, err := t.exec(`DELETE FROM search_chats WHERE chat = ?`, string(m.ChatID)); err != nil {
				return err
			}
		}
	}
	return nil
}

// DropSegment is [chat.Index].DropSegment.
func (db *DB) DropSegment(ctx context.Context, segment int64, limit int) (more bool, err error) {
	err = db.writeWhenFull(ctx, func(t *tx) error {
		n, err := t.exec(`DELETE FROM search_leaves WHERE segment = ?1 AND key IN (SELECT key FROM search_leaves WHERE segment = ?1 LIMIT ?2)`, segment, limit)
		more = n == int64(limit)
		return err
	})
	return more, err
}

// ResetIndexed is [chat.Index].ResetIndexed.
func (db *DB) ResetIndexed(ctx context.Context, after chat.ChatID, limit int) (last chat.ChatID, err error) {
	err = db.write(ctx, func(t *tx) error {
		rows, err := t.rows(`SELECT id, head, activity FROM chats WHERE id > ? ORDER BY id LIMIT ?`, string(after), limit)
		chats, err := collect(rows, err, func() (x chat.Indexed, err error) { return x, rows.Scan(&x.ChatID, &x.Head, &x.FirstAt) })
		if err != nil || len(chats) == 0 {
			return err
		}
		for _, x := range chats {
			if _, err := t.exec(`INSERT INTO search_chats (chat, first, last, first_at) VALUES (?, ?, ?, ?)
				ON CONFLICT (chat) DO UPDATE SET first = excluded.first, last = excluded.last, first_at = excluded.first_at`,
				string(x.ChatID), int64(x.Head)+1, int64(x.Head), x.FirstAt); err != nil {
				return err
			}
		}
		last = chats[len(chats)-1].ChatID
		return nil
	})
	return last, err
}

// Unindexed is [chat.Index].Unindexed.
func (db *DB) Unindexed(ctx context.Context, after chat.ChatID, limit int) (chats []chat.Indexed, last chat.ChatID, err error) {
	err = db.row(ctx, `SELECT ifnull(max(id), '') FROM (SELECT id FROM chats WHERE id > ? ORDER BY id LIMIT ?)`, string(after), limit).Scan(&last)
	if err != nil || last == "" {
		return nil, "", storeError(err, "read chats")
	}
	rows, err := db.rows(ctx, indexedColumns+` WHERE c.id > ? AND c.id <= ? AND c.deleted = 0 AND (x.chat IS NULL OR c.head > x.last OR x.first > 1) ORDER BY c.id`,
		string(after), string(last))
	chats, err = collectIndexed(rows, err)
	return chats, last, err
}

const indexedColumns = `SELECT c.id, c.head, ifnull(x.first, 1), ifnull(x.last, 0), ifnull(x.first_at, 0) FROM chats c LEFT JOIN search_chats x ON x.chat = c.id`

func collectIndexed(rows *sql.Rows, err error) ([]chat.Indexed, error) {
	chats, err := collect(rows, err, func() (x chat.Indexed, err error) {
		return x, rows.Scan(&x.ChatID, &x.Head, &x.First, &x.Last, &x.FirstAt)
	})
	return chats, storeError(err, "read chats")
}

// IndexedOf is [chat.Index].IndexedOf.
func (db *DB) IndexedOf(ctx context.Context, ids []chat.ChatID) ([]chat.Indexed, error) {
	return collectIndexed(db.rows(ctx, indexedColumns+` WHERE c.id IN (SELECT value FROM json_each(?)) AND c.deleted = 0 ORDER BY c.id`, jsonArg(ids)))
}

// Replaced is [chat.Index].Replaced.
func (db *DB) Replaced(ctx context.Context, limit int) ([]chat.Replaced, error) {
	rows, err := db.rows(ctx, `SELECT id, chat, seq, at, by, text, mentions, files FROM search_replaced WHERE id > 0 ORDER BY id LIMIT ?`, limit)
	list, err := collect(rows, err, func() (r chat.Replaced, err error) {
		var id int64
		var mentions, posted []byte
		m := &r.Message
		if err := rows.Scan(&id, &m.ChatID, &m.Seq, &m.At, &m.By, &m.Text, &mentions, &posted); err != nil {
			return r, err
		}
		r.ID = strconv.FormatInt(id, 10)
		if m.Mentions, err = ids(mentions); err == nil {
			m.Files, err = files(posted)
		}
		return r, err
	})
	return list, storeError(err, "read the search index")
}

// recordTarget records the target of an event, before the event is applied, if the segments
// cover it.
func (t *tx) recordTarget(e *chat.Event) error {
	_, err := t.exec(`INSERT INTO search_replaced (chat, seq, at, by, text, mentions, files) SELECT m.chat, m.seq, m.at, m.by, m.text, m.mentions, m.files
		FROM search_chats x JOIN messages m ON m.chat = x.chat AND m.seq BETWEEN x.first AND x.last WHERE x.chat = ? AND m.seq = ?`, string(e.ChatID), int64(e.Target))
	return err
}

// recordOutdated records those of the covered messages of a chat whose text was replaced
// since they were read.
func (t *tx) recordOutdated(x chat.Indexed, covered []chat.Message) error {
	rows, err := t.rows(`SELECT target FROM events WHERE chat = ? AND seq > ? AND kind IN ('edited', 'deleted')`, string(x.ChatID), int64(x.Head))
	targets, err := collect(rows, err, func() (seq chat.Seq, err error) { return seq, rows.Scan(&seq) })
	if err != nil || len(targets) == 0 {
		return err
	}
	for i := range covered {
		m := &covered[i]
		if m.ChatID != x.ChatID || !slices.Contains(targets, m.Seq) {
			continue
		}
		if _, err := t.exec(`INSERT INTO search_replaced (chat, seq, at, by, text, mentions, files) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			string(m.ChatID), int64(m.Seq), m.At, string(m.By), m.Text, jsonIDs(m.Mentions), jsonFiles(m.Files)); err != nil {
			return err
		}
	}
	return nil
}

// recordDeletedChat records that the index must forget a chat.
func (t *tx) recordDeletedChat(id chat.ChatID) error {
	_, err := t.exec(`INSERT INTO search_replaced (chat, seq, at, by, text) VALUES (?, 0, 0, '', '')`, string(id))
	return err
}
