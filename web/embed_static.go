//go:build !client

package web

import "embed"

const folder = "static"

//go:embed static
var page embed.FS
