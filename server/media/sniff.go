package media

import (
	"bytes"
	"net/http"
	"slices"
	"strings"
)

// SniffLen is the number of leading bytes that Sniff needs.
const SniffLen = 512

// The types that Sniff returns.
const (
	JPEG      = "image/jpeg"
	PNG       = "image/png"
	GIF       = "image/gif"
	WebP      = "image/webp"
	AVIF      = "image/avif"
	HEIC      = "image/heic"
	MP4       = "video/mp4"
	QuickTime = "video/quicktime"
	WebM      = "video/webm"
	MP3       = "audio/mpeg"
	M4A       = "audio/mp4"
	Ogg       = "audio/ogg"
	PDF       = "application/pdf"
	ZIP       = "application/zip"
	Text      = "text/plain; charset=utf-8"
	Other     = "application/octet-stream"
)

var inline = []string{JPEG, PNG, GIF, WebP, AVIF, MP4, WebM, MP3, M4A, Ogg}

// Inline reports whether a browser may show the type in the page. Every other type is a
// download: SVG, HTML and PDF can run scripts.
func Inline(typ string) bool { return slices.Contains(inline, typ) }

// Sniff returns the type of a file from its first bytes (at most SniffLen are read). The
// name and the type that a client gives have no say.
func Sniff(head []byte) string {
	head = head[:min(len(head), SniffLen)]
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xd8\xff")):
		return JPEG
	case bytes.HasPrefix(head, []byte(pngSignature)):
		return PNG
	case bytes.HasPrefix(head, []byte("GIF87a")), bytes.HasPrefix(head, []byte("GIF89a")):
		return GIF
	case len(head) >= 12 && string(head[:4]) == "RIFF" && string(head[8:12]) == "WEBP":
		return WebP
	case len(head) >= 12 && string(head[4:8]) == "ftyp":
		return sniffBrand(head)
	case bytes.HasPrefix(head, []byte("\x1a\x45\xdf\xa3")):
		if bytes.Contains(head[:min(len(head), 64)], []byte("webm")) {
			return WebM
		}
		return Other
	case bytes.HasPrefix(head, []byte("OggS")):
		return Ogg
	case bytes.HasPrefix(head, []byte("ID3")), len(head) > 3 && head[0] == 0xff && head[1]&0xe6 == 0xe2 && head[2]>>4 != 15 && head[2]>>4 != 0:
		return MP3 // MPEG 1 and 2, layer III
	}
	switch typ := http.DetectContentType(head); {
	case typ == PDF || typ == ZIP:
		return typ
	case strings.HasPrefix(typ, "text/plain"):
		return Text
	}
	return Other
}

// sniffBrand returns the type of a file that begins with a box ftyp (ISO/IEC 14496-12).
func sniffBrand(head []byte) string {
	brand := string(head[8:12])
	switch brand {
	case "avif", "avis":
		return AVIF
	case "heic", "heix", "heim", "heis", "hevc", "hevx":
		return HEIC
	case "mif1", "msf1": // the compatible brands say which
		size := min(int(head[2])<<8|int(head[3]), len(head))
		for i := 16; i+4 <= size; i += 4 {
			if b := string(head[i : i+4]); b == "avif" || b == "avis" {
				return AVIF
			}
		}
		return HEIC
	case "M4A ", "M4B ", "M4P ":
		return M4A
	case "qt  ":
		return QuickTime
	}
	return MP4
}
