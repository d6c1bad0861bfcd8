package web

import "io/fs"

// Files are the page and its assets by their names: "index.html", "main.js".
// Every path of the page itself is answered with index.html; assets are asked
// for from the root, "/main.js". Safe for concurrent use, never written to.
var Files = files()

func files() fs.FS {
	f, err := fs.Sub(page, folder)
	if err != nil {
		panic(err) // the directive beside page names the folder
	}
	return f
}
