// Package find answers searches: it looks up the names in a query, asks the index, and
// reads what it found.
package find
