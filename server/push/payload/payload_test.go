package payload

import (
	"strings"
	"testing"

	"parley/chat"
)

func TestPreview(t *testing.T) {
	for want, ev := range map[string]chat.Event{
		"tea at five":                            {Text: " tea\nat  five", Files: []chat.File{{Type: "image/png"}}},
		"New message":                            {},
		"Photo":                                  {Files: []chat.File{{Name: "a.png", Type: "image/png"}}},
		"Photo: A pot of tea":                    {Files: []chat.File{{Name: "a.png", Type: "image/png", Alt: "A pot of tea"}}},
		"Photo: \u2068שלום\u2069":                {Files: []chat.File{{Name: "a.png", Type: "image/png", Alt: "שלום"}}},
		"Video: A tour":                          {Files: []chat.File{{Name: "a.mp4", Type: "video/mp4", Alt: "A tour"}}},
		"Audio":                                  {Files: []chat.File{{Name: "a.mp3", Type: "audio/mpeg"}}},
		"File: a.pdf":                            {Files: []chat.File{{Name: "a.pdf", Type: "application/pdf"}}},
		"File: The plan":                         {Files: []chat.File{{Name: "a.pdf", Type: "application/pdf", Alt: "The plan"}}},
		"2 photos":                               {Files: []chat.File{{Type: "image/png", Alt: "A pot of tea"}, {Type: "image/png"}}},
		"2 files":                                {Files: []chat.File{{Type: "image/png"}, {Type: "video/mp4"}}},
		"Photo: " + strings.Repeat("x", maxBody): {Files: []chat.File{{Type: "image/png", Alt: strings.Repeat("x", chat.MaxAlt)}}},
	} {
		if got := Preview(&ev); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
