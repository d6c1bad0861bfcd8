package media

import (
	"cmp"
	"io"
	"slices"
)

// span is a range of a file.
type span struct{ at, end int64 }

// erasure collects what is to become zeros. A box that goes becomes a box free of the same
// size, so that the offsets of the samples stay right.
type erasure struct {
	names []int64 // where the four letters of a box begin that becomes free
	zeros []span
}

func (e *erasure) box(b box) {
	e.names = append(e.names, b.at+4)
	e.zeros = append(e.zeros, span{b.body, b.end})
}

// apply writes what was collected into c.
func (e *erasure) apply(c *Cleaned, size int64) {
	type edit struct {
		span
		name bool
	}
	var edits []edit
	for _, at := range e.names {
		edits = append(edits, edit{span{at, at + 4}, true})
	}
	for _, z := range e.zeros {
		edits = append(edits, edit{z, false})
	}
	slices.SortFunc(edits, func(a, b edit) int { return cmp.Compare(a.at, b.at) })
	for _, d := range edits {
		if d.at < c.from && d.name { // inside what is zero already
			continue
		}
		c.keepTo(min(d.at, size))
		if d.name {
			c.replace([]byte("free"))
		} else {
			c.zeroTo(min(d.end, size))
		}
	}
	c.keepTo(size)
}

// mp4Top are the boxes that a video needs at the top; of the others some cameras make one
// with a preview, a place or a serial number.
var mp4Top = []string{"ftyp", "styp", "moov", "moof", "mdat", "mfra", "sidx", "ssix", "prft", "emsg", "pdin", "wide"}

func cleanMP4(c *Cleaned, size int64) error {
	var e erasure
	err := eachBox(c.src, 0, size, func(b box) error {
		switch {
		case b.name == "moov":
			return eachBox(c.src, b.body, b.end, func(b box) error {
				if b.name == "trak" {
					return e.track(c.src, b)
				}
				e.inMovie(b)
				return nil
			})
		case !slices.Contains(mp4Top, b.name):
			e.box(b)
		}
		return nil
	})
	if err == nil {
		e.apply(c, size)
	}
	return err
}

// inMovie erases user data (udta with ©xyz and loci), metadata with com.apple.quicktime.location,
// and boxes of applications (uuid, for one XMP).
func (e *erasure) inMovie(b box) {
	switch b.name {
	case "udta", "meta", "uuid", "free", "skip":
		e.box(b)
	}
}

// sampleTables are what says where the samples of a track are.
type sampleTables struct{ sizes, chunks, offsets box }

// track erases the metadata of a track. A track of timed metadata, such as the places of a
// drone's camera, goes with its samples.
func (e *erasure) track(src io.ReaderAt, trak box) error {
	shown := true
	var t sampleTables
	err := eachBox(src, trak.body, trak.end, func(b box) error {
		e.inMovie(b)
		if b.name != "mdia" {
			return nil
		}
		return eachBox(src, b.body, b.end, func(b box) error {
			switch b.name {
			case "hdlr":
				f := b.fields(src)
				f.skip(8)
				switch f.name() {
				case "meta", "camm", "gpmd", "data", "rtmd":
					shown = false
				}
				return f.err
			case "udta", "meta", "uuid":
				e.box(b)
			case "minf":
				return eachBox(src, b.body, b.end, func(b box) error {
					if b.name != "stbl" {
						return nil
					}
					return eachBox(src, b.body, b.end, func(b box) error {
						switch b.name {
						case "stsz":
							t.sizes = b
						case "stsc":
							t.chunks = b
						case "stco", "co64":
							t.offsets = b
						}
						return nil
					})
				})
			}
			return nil
		})
	})
	if err != nil || shown {
		return err
	}
	e.box(trak)
	return e.samples(src, t)
}

const maxSamples = 1 << 20 // of a track of metadata: 9 hours at 30 a second

// samples erases the samples of a track, chunk by chunk.
func (e *erasure) samples(src io.ReaderAt, t sampleTables) error {
	if t.sizes.end == 0 || t.chunks.end == 0 || t.offsets.end == 0 {
		return nil
	}
	sizes := t.sizes.fields(src)
	sizes.skip(4)
	same, count := sizes.uint(4), sizes.uint(4)
	offsets := t.offsets.fields(src)
	offsets.skip(4)
	chunkCount := offsets.uint(4)
	runs := t.chunks.fields(src)
	runs.skip(4)
	runCount := runs.uint(4)
	if max(count, chunkCount, runCount) > maxSamples {
		return damaged("a track of metadata is too long")
	}
	width := 4
	if t.offsets.name == "co64" {
		width = 8
	}
	var perChunk, nextFirst, nextPer uint64
	if runCount > 0 {
		nextFirst, nextPer = runs.uint(4), runs.uint(4)
		runs.skip(4)
		runCount--
	}
	for chunk := uint64(1); chunk <= chunkCount; chunk++ {
		for nextFirst != 0 && chunk >= nextFirst {
			perChunk, nextFirst = nextPer, 0
			if runCount > 0 {
				nextFirst, nextPer = runs.uint(4), runs.uint(4)
				runs.skip(4)
				runCount--
			}
		}
		at := int64(offsets.uint(width))
		n := int64(0)
		for k := uint64(0); k < perChunk && count > 0; k++ {
			if count--; same != 0 {
				n += int64(same)
			} else {
				n += int64(sizes.uint(4))
			}
		}
		if at < 0 || n < 0 || at+n < at {
			return damaged("a sample is nowhere")
		}
		e.zeros = append(e.zeros, span{at, at + n})
		if err := cmp.Or(offsets.err, sizes.err, runs.err); err != nil {
			return err
		}
	}
	return nil
}
