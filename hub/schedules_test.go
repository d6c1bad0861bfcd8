//go:build !race

package hub

// schedules is how many TestModel runs.
const schedules = 20_000
