// Package textrule holds Parley's rules for what people write: which characters a name or a
// handle may have, where a message names somebody, what is an emoji, when two words are
// the same to a search, and where a text may be cut. All functions are pure. They decide
// nothing about accounts and chats, and their errors are worded by package chat.
package textrule
