package server

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"parley/chat"
)

// exiftool runs exiftool in a folder and returns what it prints.
func exiftool(t testing.TB, dir string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("exiftool")
	if err != nil {
		t.Fatal("make test needs exiftool: apt-get install libimage-exiftool-perl")
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("exiftool %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// tags returns all tags of a file but those of the file system.
func tags(t testing.TB, dir, name string) string {
	t.Helper()
	return exiftool(t, dir, "-a", "-u", "-ee", "-G1", "-s", "--System:all", "--ExifTool:all", name)
}

// private matches what tells a place, a device or a person.
var private = regexp.MustCompile(`(?i)SECRET|GPS|\[Location|47 deg|47\.37|City`)

// writable are the tags that exiftool writes into the samples, by extension.
var writable = map[string][]string{
	"jpg": {"-GPSLatitude=47.3769", "-GPSLatitudeRef=N", "-GPSLongitude=8.5417", "-GPSLongitudeRef=E", "-GPSAltitude=400", "-EXIF:Make=SECRET", "-EXIF:Model=SECRET",
		"-EXIF:SerialNumber=SECRET", "-EXIF:Artist=SECRET", "-EXIF:UserComment=SECRET", "-IPTC:City=SECRET", "-IPTC:By-line=SECRET", "-XMP:City=SECRET", "-XMP:Creator=SECRET",
		"-XMP-exif:GPSLatitude=47.3769", "-XMP-exif:GPSLongitude=8.5417", "-XMP:LocationShownCity=SECRET", "-File:Comment=SECRET"},
	"png": {"-GPSLatitude=47.3769", "-GPSLatitudeRef=N", "-GPSLongitude=8.5417", "-GPSLongitudeRef=E", "-EXIF:Model=SECRET", "-XMP:City=SECRET", "-XMP-exif:GPSLatitude=47.3769",
		"-PNG:Comment=SECRET", "-PNG:Author=SECRET", "-PNG:Description=SECRET"},
	"webp": {"-GPSLatitude=47.3769", "-GPSLatitudeRef=N", "-GPSLongitude=8.5417", "-GPSLongitudeRef=E", "-EXIF:Model=SECRET", "-XMP:City=SECRET", "-XMP-exif:GPSLatitude=47.3769"},
	"mp4": {"-Keys:GPSCoordinates=47.3769 8.5417 400", "-UserData:GPSCoordinates=47.3769 8.5417 400", "-ItemList:GPSCoordinates=47.3769 8.5417 400", "-XMP:City=SECRET",
		"-XMP-exif:GPSLatitude=47.3769", "-Keys:Model=SECRET", "-Keys:Make=SECRET", "-UserData:Author=SECRET", "-ItemList:Comment=SECRET"},
	"mov": {"-Keys:GPSCoordinates=47.3769 8.5417 400", "-UserData:GPSCoordinates=47.3769 8.5417 400", "-ItemList:GPSCoordinates=47.3769 8.5417 400", "-XMP:City=SECRET",
		"-XMP-exif:GPSLatitude=47.3769", "-Keys:Model=SECRET", "-Keys:Make=SECRET", "-UserData:Author=SECRET", "-ItemList:Comment=SECRET"},
}

// exiftool finds in what the server returns nothing of what it wrote before, unless the
// metadata was to be kept; in a picture of a user not either.
func TestExiftoolFindsNoPlace(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	id := ann.group()
	dir := t.TempDir()
	back := func(name, path string) string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), ann.call("GET", path, nil).want(200).body, 0o600); err != nil {
			t.Fatal(err)
		}
		return tags(t, dir, name)
	}
	for ext, write := range writable {
		name := "place." + ext
		if err := os.WriteFile(filepath.Join(dir, name), testPicture(t, name), 0o600); err != nil {
			t.Fatal(err)
		}
		exiftool(t, dir, append(append([]string{"-q", "-overwrite_original"}, write...), name)...)
		body, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		kept := back("kept."+ext, filePath(id, ann.upload(id, "keepMetadata=true&name="+name, body).ID))
		if found := len(private.FindAllString(kept, -1)); found < len(write) {
			t.Errorf("%s: exiftool wrote %d tags, and finds %d:\n%s", ext, len(write), found, kept)
		}
		f := ann.upload(id, "name="+name, body)
		if left := back("clean."+ext, filePath(id, f.ID)); private.MatchString(left) || !strings.Contains(left, "MIMEType") {
			t.Errorf("%s: exiftool finds\n%s", ext, left)
		}
		if f.Thumb {
			if left := back("thumb", filePath(id, f.ID)+"/thumb"); private.MatchString(left) {
				t.Errorf("the thumbnail of %s: exiftool finds\n%s", ext, left)
			}
			ann.call("PUT", "/api/me/picture", body).want(200)
			var me struct{ User chat.User }
			ann.call("GET", "/api/me", nil).want(200).into(&me)
			if left := back("picture", "/api/pictures/"+string(me.User.Picture)); private.MatchString(left) {
				t.Errorf("the picture of a user, from %s: exiftool finds\n%s", ext, left)
			}
		}
	}
}

// A picture keeps its orientation, which is no metadata of a place, without the rest of EXIF.
func TestOrientationIsKept(t *testing.T) {
	x := start(t, withFiles(t, t.TempDir()))
	ann := x.addUser("ann")
	id := ann.group()
	dir := t.TempDir()
	for _, ext := range []string{"jpg", "png", "webp"} {
		for o := 1; o <= 8; o++ {
			name := fmt.Sprintf("%d.%s", o, ext)
			if err := os.WriteFile(filepath.Join(dir, name), testPicture(t, "place."+ext), 0o600); err != nil {
				t.Fatal(err)
			}
			exiftool(t, dir, "-q", "-overwrite_original", "-n", fmt.Sprint("-EXIF:Orientation=", o), "-EXIF:Model=SECRET", name)
			body, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			f := ann.upload(id, "name="+name, body)
			if err := os.WriteFile(filepath.Join(dir, "clean."+ext), ann.call("GET", filePath(id, f.ID), nil).want(200).body, 0o600); err != nil {
				t.Fatal(err)
			}
			got := strings.TrimSpace(exiftool(t, dir, "-n", "-s3", "-EXIF:Orientation", "-EXIF:Model", "clean."+ext))
			if want := fmt.Sprint(o); got != want && (o > 1 || got != "") {
				t.Errorf("%s: orientation %q, want %s", name, got, want)
			}
			if wide := f.Width > f.Height; wide != (o < 5) { // 64 x 48 as stored
				t.Errorf("%s: %d x %d", name, f.Width, f.Height)
			}
		}
	}
}
