package push

import (
	"testing"

	"parley/chat"
)

// A message of files alone has the words that the page has for it.
func TestPreview(t *testing.T) {
	photo, video, audio, other := chat.File{Type: "image/jpeg", Name: "a.jpg"}, chat.File{Type: "video/mp4"}, chat.File{Type: "audio/ogg"}, chat.File{Type: "application/pdf", Name: "plan.pdf"}
	for want, ev := range map[string]chat.Event{
		"New message":          {},
		"Photo":                {Files: []chat.File{photo}},
		"Video":                {Files: []chat.File{video}},
		"Audio":                {Files: []chat.File{audio}},
		"File: plan.pdf":       {Files: []chat.File{other}},
		"2 photos":             {Files: []chat.File{photo, photo}},
		"3 files":              {Files: []chat.File{photo, photo, other}},
		"the **beans** are up": {Text: "the **beans**\n\nare up", Files: []chat.File{photo}},
	} {
		if got := preview(&ev); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
