package api

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"parley/chat"
	"parley/server/audit"
	"parley/server/request"
	"parley/server/response"
)

// backupStore is a store that writes a copy of itself to a file.
type backupStore interface {
	Backup(ctx context.Context, file string) error
}

// Backup writes a copy of the store to a new file, if the store is a single file.
func (a Control) Backup(ctx context.Context, file string) error {
	store, ok := a.Service.Store.Store.(backupStore)
	if !ok {
		return chat.Fail(chat.Conflict, "this store cannot be backed up here: use the tools of the database")
	}
	if !filepath.IsAbs(file) {
		return chat.FailField(chat.BadInput, "file", "file must be an absolute path")
	}
	begin := time.Now()
	err := store.Backup(ctx, file)
	if err == nil {
		a.Audit.Write(ctx, audit.Event{Kind: audit.Backup, Actor: audit.Operator})
		a.Errors.Log.LogAttrs(ctx, slog.LevelInfo, "backup written", slog.String("file", file), slog.Duration("took", time.Since(begin)))
	}
	return err
}

// postBackup answers once the copy is on disk. It has no time limit.
func (a Control) postBackup(w http.ResponseWriter, r *http.Request) error {
	var in struct {
		File string `json:"file"`
	}
	if err := request.Decode(r, &in); err != nil {
		return err
	}
	unbounded := http.NewResponseController(w)
	_ = unbounded.SetReadDeadline(time.Time{})
	_ = unbounded.SetWriteDeadline(time.Time{})
	if err := a.Backup(r.Context(), in.File); err != nil {
		return err
	}
	response.Write(w, r, http.StatusOK, struct {
		File string `json:"file" msgpack:"file"`
	}{in.File})
	return nil
}
