// Package search has the words of messages and the queries that find them, as pure functions.
//
// [MessageTokens] returns the words of a message, [Parse] reads what a person typed,
// [Query.Match] tells whether a message is found, and [Query.Snippet] cuts the part of a text
// that is shown. Package index finds the messages of a query among all of a store.
package search
