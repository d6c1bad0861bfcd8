// Package service is what can be done, once, for every entry point. It knows no
// transport.
package service
