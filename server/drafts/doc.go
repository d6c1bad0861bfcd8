// Package drafts queues what users write in the store, within their budgets.
package drafts
