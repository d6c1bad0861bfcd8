import type { Cause } from "../core/socket.ts";

export const notices = {
  cause: {
    offline: "You are offline. What you write is kept and sent later.",
    lost: "The server cannot be reached. What you write is kept and sent later.",
    restarting: "The server is restarting. What you write is kept and sent later.",
    tooMany: "Too many connections or requests at once.",
    signedOut: "You were signed out. What you wrote is kept: sign in to go on.",
    protocol: "This page and the server do not understand each other: load it again.",
  } satisfies Record<Cause, string>,
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
