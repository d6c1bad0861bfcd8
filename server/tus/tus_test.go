package tus

import (
	"encoding/base64"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/chat"
)

func TestMetadata(t *testing.T) {
	got, err := uploadMetadata("filename d29ybGRfZG9taW5hdGlvbl9wbGFuLnBkZg==,is_confidential, chatId YQ==")
	if err != nil || got["filename"] != "world_domination_plan.pdf" || got["chatId"] != "a" || len(got) != 3 {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"a !", "a YQ==,a YQ==", "a " + base64.StdEncoding.EncodeToString([]byte("\xff"))} {
		if _, err := uploadMetadata(bad); !chat.Is(err, chat.BadInput) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzMetadata(f *testing.F) {
	for _, s := range []string{"", "filename YQ==", "a,b,c", "a YQ==, b YQ==", ",,, ,", "a !", "a  YQ=="} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := uploadMetadata(header)
		if err != nil && !chat.Is(err, chat.BadInput) {
			t.Fatal(err)
		}
		for key, value := range got {
			if key == "" || !utf8.ValidString(value) || !strings.Contains(header, key) {
				t.Fatalf("%q: %q", key, value)
			}
		}
	})
}
