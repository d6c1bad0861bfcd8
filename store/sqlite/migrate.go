package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"parley/chat"
)

// The files are numbered from 1 and only ever added to: a file that was once
// released stays as it is.
//
//go:embed migrations/*.sql
var migrations embed.FS

// steps are the parts of migrations that SQL cannot express. A step runs after its file,
// in the same transaction.
var steps = map[string]func(context.Context, *sql.Conn) error{
	"migrations/0006_search_words.sql": renewWords,
}

// migrate runs the migrations that the database has not seen, each in one
// transaction with its number (user_version). It logs that a database is new, and the
// migrations of an existing one, which may take long.
func migrate(ctx context.Context, conn *sql.Conn, log *slog.Logger) error {
	files, err := fs.Glob(migrations, "migrations/*.sql") // sorted
	if err != nil {
		return err
	}
	var have int
	if err := conn.QueryRowContext(ctx, "PRAGMA user_version").Scan(&have); err != nil {
		return err
	}
	if have > len(files) {
		return fmt.Errorf("the database has format %d, this Parley reads formats up to %d: use a newer Parley", have, len(files))
	}
	if have == 0 { // also if its file was there and held nothing
		log.Info("a new database is made")
	}
	for i := have; i < len(files); i++ {
		if have > 0 {
			log.Info("migrating the database; this server serves when that is complete", "format", i+1, "of", len(files))
		}
		if err := runMigration(ctx, conn, files[i], i+1); err != nil {
			_, _ = conn.ExecContext(ctx, "ROLLBACK")
			return fmt.Errorf("%s: %w", files[i], err)
		}
	}
	return nil
}

func runMigration(ctx context.Context, conn *sql.Conn, file string, number int) error {
	script, err := migrations.ReadFile(file)
	if err != nil {
		return err
	}
	if _, err := conn.ExecContext(ctx, "BEGIN IMMEDIATE;\n"+string(script)); err != nil {
		return err
	}
	if step := steps[file]; step != nil {
		if err := step(ctx, conn); err != nil {
			return err
		}
	}
	_, err = conn.ExecContext(ctx, fmt.Sprintf("PRAGMA user_version = %d;\nCOMMIT", number))
	return err
}

// initialize makes what a database needs once: its epoch, its name and the
// setup code. A copy of a database comes with an empty epoch and gets its own.
func initialize(ctx context.Context, conn *sql.Conn) (epoch string, err error) {
	err = conn.QueryRowContext(ctx, "SELECT value FROM meta WHERE key = 'epoch'").Scan(&epoch)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		epoch = chat.NewID[string]()
		_, err = conn.ExecContext(ctx, "INSERT INTO meta (key, value) VALUES ('epoch', ?), ('setup', ?), ('name', ?)", epoch, chat.NewSecret(), chat.DefaultServer)
	case err == nil && epoch == "":
		epoch = chat.NewID[string]()
		_, err = conn.ExecContext(ctx, "UPDATE meta SET value = ? WHERE key = 'epoch'", epoch)
	}
	return epoch, err
}
