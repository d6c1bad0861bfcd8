// The numbers that docs/protocol.md and docs/openapi.yaml fix for every server. Limits that a server
// may set differently come with hello instead: State.limits.

/** Bytes, which the page applies as characters: a longer text is the server's to refuse. */
export const maxName = 64;
export const maxServerName = 64;
export const maxStatus = 128;
export const maxTitle = 128;
export const maxTopic = 512;
export const maxHandle = 32;
export const maxPassword = 256;

/** Bytes of a quoted text. */
export const maxQuote = 200;
/** Names that the server lists for one emoji of a message. */
export const maxReactionNames = 50;
/** Members up to which a chat's read pointers of others are sent. */
export const maxReadersShown = 32;
/** Ids in one call for users. */
export const maxUserIds = 50;
/** Chats in one focus command. */
export const maxFocused = 20;
/** Members in one page. */
export const maxMembersPage = 200;
