import type { DisconnectCause } from "../../core/socket.ts";
import type { StorageProblem } from "../../core/storage.ts";
import { isolate } from "../isolate.ts";
import { plural, series } from "./format.ts";

export const notifications = {
  cause: {
    offline: "You're offline.",
    lost: "Can't reach the server.",
    restarting: "The server is restarting.",
    tooMany: "Too many connections or requests.",
    signedOut: "You were signed out.",
    left: "You signed out in another tab.",
    otherUser: "You're signed in as someone else.",
    protocol: "This page doesn't match the server. Reload it.",
  } as Record<DisconnectCause, string>,
  saved: "Messages you write are saved and sent later.",
  savedForYou: "Anything you didn't send is saved in this browser for when you sign in again.",
  notSaved: {
    memory: "This browser can't save what you write. Keep this page open until it's sent.",
    full: "This browser's storage is full. Keep this page open until everything is sent.",
  } as Record<StorageProblem, string>,
  connecting: "Connecting…",
  retryingIn: (s: number) => `Retrying in ${s} s.`,
  tooFast: "You're sending messages too fast.",
  resumesIn: (s: number) => `Sending resumes in ${s} s.`,
  retryNow: "Retry now",
  outdated: "A new version is available.",
  reload: "Reload",
  ask: "Get notified of new messages?",
  turnOn: "Turn on",
  notNow: "Not now",
  turnOff: "Turn off",
  title: "Notifications",
  state: {
    on: "Notifications are on in this browser.",
    off: "Notifications are off in this browser.",
    unasked: "Notifications are off in this browser.",
    forbidden: "Your browser blocks notifications from this site. Allow them in its settings, then reload this page.",
    impossible: "Notifications need https. Ask your admin for a secure address.",
  },
  newMessage: "New message",
  summaryOf: (titles: readonly string[]) => series(titles.map(isolate)),
  summary: (messages: number, chats: number) => `${plural(messages, { one: "# new message", other: "# new messages" })} in ${plural(chats, { one: "# chat", other: "# chats" })}`,
};
