// Package media reads uploaded pictures, videos and audio: it tells their type from their
// bytes, removes metadata that names places, devices and people, reads dimensions and
// durations, and makes thumbnails.
//
// Nothing in a file is trusted. Parsers read through an io.ReaderAt, never allocate what a
// length field asks for, and visit each byte at most a fixed number of times. A damaged
// file is an error ([ErrDamaged]), never a panic.
package media
