// Package service implements every operation once, for all entry points: checks, budgets,
// passwords, unsaved revocations and the cache over the store. It is independent of
// transports and HTTP.
package service
