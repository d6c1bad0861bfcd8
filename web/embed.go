package web

import (
	"embed"
	"io/fs"
)

//go:embed dist
var dist embed.FS

// Files are the page and its assets by their names: "index.html",
// "assets/index-….js". Every path of the page itself is answered with
// index.html. Safe for concurrent use, never written to.
var Files = files()

func files() fs.FS {
	f, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // the directive above names the folder
	}
	return f
}
