//go:build client

package web

import "embed"

// The new client, as vite builds it from src: make stories tries it.
const folder = "dist"

//go:embed dist
var page embed.FS
