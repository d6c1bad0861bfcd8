// Package auth verifies passwords, and bounds attempts at passwords, codes and sign-ups.
// It starts no goroutine.
package auth
