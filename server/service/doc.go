// Package service implements every operation once, for all entry points: checks, budgets
// and passwords. It is independent of transports and HTTP.
package service
