// Package request reads HTTP requests of the API: who makes them, what path and query name,
// and the body in JSON or MessagePack.
package request
