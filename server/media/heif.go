package media

import (
	"io"
)

// heif is what the box meta of an AVIF or HEIC file says (ISO/IEC 23008-12).
type heif struct {
	metadata      []span // of the items that hold EXIF and XMP
	width, height int    // of the largest picture
	turned        bool   // by a quarter
}

const maxItems = 10_000

func readHEIF(src io.ReaderAt, size int64) (h heif, err error) {
	var meta box
	if err := eachBox(src, 0, size, func(b box) error {
		if b.name == "meta" && meta.end == 0 {
			meta = b
		}
		return nil
	}); err != nil {
		return h, err
	}
	if meta.end == 0 {
		return h, damaged("it has no box meta")
	}
	var iinf, iloc, idat box
	err = eachBox(src, meta.body+4, meta.end, func(b box) error {
		switch b.name {
		case "iinf":
			iinf = b
		case "iloc":
			iloc = b
		case "idat":
			idat = b
		case "iprp":
			return eachBox(src, b.body, b.end, func(b box) error {
				if b.name != "ipco" {
					return nil
				}
				return eachBox(src, b.body, b.end, func(b box) error { return h.property(src, b) })
			})
		}
		return nil
	})
	if err != nil || iinf.end == 0 || iloc.end == 0 {
		return h, err
	}
	items, err := metadataItems(src, iinf)
	if err != nil {
		return h, err
	}
	return h, h.locate(src, iloc, idat, items)
}

func (h *heif) property(src io.ReaderAt, b box) error {
	f := b.fields(src)
	switch b.name {
	case "ispe":
		f.skip(4)
		w, ht := int(f.uint(4)), int(f.uint(4))
		if w*ht > h.width*h.height {
			h.width, h.height = w, ht
		}
	case "irot":
		h.turned = f.uint(1)&1 == 1
	}
	return f.err
}

// metadataItems returns the ids of the items that hold EXIF, XMP or another document.
func metadataItems(src io.ReaderAt, iinf box) (map[uint64]bool, error) {
	items := map[uint64]bool{}
	f := iinf.fields(src)
	version := f.uint(1)
	f.skip(3)
	if version == 0 {
		f.uint(2)
	} else {
		f.uint(4)
	}
	if f.err != nil {
		return nil, f.err
	}
	return items, eachBox(src, f.at, iinf.end, func(b box) error {
		if b.name != "infe" {
			return nil
		}
		f := b.fields(src)
		version := f.uint(1)
		f.skip(3)
		id := f.uint(2)
		if version == 3 {
			id = id<<16 | f.uint(2)
		}
		f.skip(2)
		if version < 2 {
			return f.err
		}
		switch f.name() {
		case "Exif", "mime", "uri ":
			items[id] = true
		}
		if len(items) > maxItems {
			return damaged("it has too many items")
		}
		return f.err
	})
}

// locate notes where the items are (ISO/IEC 14496-12, section 8.11.3).
func (h *heif) locate(src io.ReaderAt, iloc, idat box, items map[uint64]bool) error {
	f := iloc.fields(src)
	version := f.uint(1)
	f.skip(3)
	widths := f.uint(2)
	offsetSize, lengthSize, baseSize, indexSize := int(widths>>12), int(widths>>8&15), int(widths>>4&15), int(widths&15)
	if max(offsetSize, lengthSize, baseSize, indexSize) > 8 {
		return damaged("its items have no place")
	}
	if version == 0 {
		indexSize = 0
	}
	idSize := 2
	if version == 2 {
		idSize = 4
	}
	count := f.uint(idSize)
	if count > maxItems {
		return damaged("it has too many items")
	}
	for range count {
		id := f.uint(idSize)
		method := uint64(0)
		if version > 0 {
			method = f.uint(2) & 15
		}
		f.skip(2)
		base := f.uint(baseSize)
		extents := f.uint(2)
		for range extents {
			f.uint(indexSize)
			at, n := base+f.uint(offsetSize), f.uint(lengthSize)
			if f.err != nil {
				return f.err
			}
			if !items[id] {
				continue
			}
			if method == 1 {
				at += uint64(idat.body)
			}
			if at > 1<<62 || n > 1<<62 {
				return damaged("an item is nowhere")
			}
			h.metadata = append(h.metadata, span{int64(at), int64(at + n)})
			if len(h.metadata) > maxItems {
				return damaged("it has too many items")
			}
		}
	}
	return f.err
}

func cleanHEIF(c *Cleaned, size int64) error {
	h, err := readHEIF(c.src, size)
	if err != nil {
		return err
	}
	e := erasure{zeros: h.metadata}
	if err := eachBox(c.src, 0, size, func(b box) error {
		switch b.name {
		case "ftyp", "meta", "mdat", "moov", "moof":
		default:
			e.box(b)
		}
		if b.name == "moov" { // a sequence of pictures
			return eachBox(c.src, b.body, b.end, func(b box) error {
				if b.name == "trak" {
					return e.track(c.src, b)
				}
				e.inMovie(b)
				return nil
			})
		}
		return nil
	}); err != nil {
		return err
	}
	e.apply(c, size)
	return nil
}
