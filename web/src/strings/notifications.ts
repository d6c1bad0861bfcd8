import type { DisconnectCause } from "../core/socket.ts";
import type { StorageProblem } from "../core/storage.ts";

export const notifications = {
  cause: {
    offline: "You are offline.",
    lost: "The server cannot be reached.",
    restarting: "The server is restarting.",
    tooMany: "Too many connections or requests at once.",
    signedOut: "You were signed out.",
    left: "You signed out in another tab.",
    otherUser: "You're signed in as somebody else.",
    protocol: "This page and the server do not understand each other: load it again.",
  } satisfies Record<DisconnectCause, string>,
  kept: "What you write is kept and sent later.",
  keptForYou: "Anything you didn't send is kept in this browser for when you sign in again.",
  notKept: {
    memory: "This browser doesn't save what you write. Keep this page open until it is sent.",
    full: "This browser's storage is full. Keep this page open until what you write is sent.",
  } satisfies Record<StorageProblem, string>,
  connecting: "Connecting…",
  again: (s: number) => `Trying again in ${s} s.`,
  held: "That is many messages at once: the rest waits.",
  goesOn: (s: number) => `It goes on in ${s} s.`,
  now: "Now",
  outdated: "There is a new version of this page.",
  reload: "Load it",
  ask: "Shall this browser tell you of new messages while you look elsewhere?",
  yes: "Yes, tell me",
  no: "No",
  stop: "Stop telling me",
  setting: "Notices",
  state: {
    on: "This browser tells you of new messages while you look elsewhere.",
    off: "This browser does not tell you of new messages.",
    unasked: "This browser does not tell you of new messages.",
    forbidden: "Your browser's settings forbid notices of this page. Allow them there, then load the page again.",
    impossible: "This browser can tell you of new messages on https only: ask whoever runs the server for such an address.",
  },
  summary: (messages: number, chats: number) => `${messages} new messages in ${chats} chats`,
};
