import { isolate } from "../isolate.ts";

export const app = {
  name: "Parley",
  retryNow: "Retry now",
  loading: "Loading…",
  unreachable: "Can't reach the server. Retrying…",
  chooseChat: "Select a chat, or press Ctrl+K to find one.",
  /** On a device without a keyboard. */
  chooseChatTouch: "Select a chat.",
  notFound: "Page not found",
  notFoundHint: "There's nothing at this address. Check it for typos.",
  backToChats: "Back to chats",
  crashed: "Something went wrong.",
  reload: "Reload",
  otherUser: "You're signed in as someone else",
  otherUserHint: (name: string) => `This browser is now signed in as ${isolate(name)}, so this page stopped.`,
  continueAs: (name: string) => `Continue as ${isolate(name)}`,
  retry: "Try again",
  partTitle: "Couldn't load",
  partFailed: "This part of the page couldn't be loaded.",
  partOld: "The server was updated. Reload the page to continue.",
  close: "Close",
  cancel: "Cancel",
  today: "Today",
  yesterday: "Yesterday",
};
