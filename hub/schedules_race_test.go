//go:build race

package hub

// schedules is how many TestModel runs; it starts no goroutines, so the race
// detector finds nothing in more of them.
const schedules = 1_000
