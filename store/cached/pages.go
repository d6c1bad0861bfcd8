package cached

import "parley/chat"

// Page is a chat's newest page of messages, encoded. It is the same for all members except
// those who reacted to its messages, since their own reactions are marked.
type Page struct {
	Head    chat.Seq
	Reacted []chat.UserID
	Body    []byte
}

// PageKey identifies a cached page.
type PageKey struct {
	Chat  chat.ChatID
	Limit int
	Codec int // index of the codec of the body
}

// Pages caches the newest page of chats. An entry is used only while its Head is the
// chat's, which the store checks together with the membership (chat.Window.Known).
type Pages struct{ cache ttlCache[PageKey, Page] }

// Get returns a cached page. A caller that finds none passes the page that it read to
// Put with the generation.
func (p *Pages) Get(k PageKey) (page Page, ok bool, generation uint64) { return p.cache.get(k) }

// Put caches a page unless Clear was called since the generation.
func (p *Pages) Put(k PageKey, page Page, generation uint64) { p.cache.put(k, page, generation) }

// Clear empties the cache. It is called before an edit or deletion is delivered.
func (p *Pages) Clear() { p.cache.clear() }
