import type { PushSupport } from "../../notifications/push.ts";
import { isolate } from "../isolate.ts";

export const push = {
  title: "Push notifications on this device",
  hint: "Get notified of new messages while Parley is closed.",
  on: "Push is on.",
  off: "Push is off.",
  turnOn: "Turn on push",
  turnOff: "Turn off push",
  test: "Send a test notification",
  unavailable: {
    homeScreen: "To get push notifications on an iPhone or iPad, add Parley to the Home Screen:",
    unsupported: "This browser doesn't support push notifications.",
  } as Record<Exclude<PushSupport, "supported" | "insecure">, string>,
  homeScreenSteps: ["Tap Share.", "Choose Add to Home Screen.", "Open Parley from the Home Screen and turn on push notifications here."],
  serverOff: "This server doesn't send push notifications.",
  failed: "This browser's push service can't be reached. Try again later.",
  /** By the server's sentence. */
  problems: {
    "This server has no public https address, so iPhones, iPads and Safari may get no notifications.": "iPhones, iPads and Safari may get no notifications: this server has no public https address.",
  } as Readonly<Record<string, string>>,
  last: {
    accepted: (time: string) => `Last push, ${time}: sent.`,
    gone: (time: string) => `Last push, ${time}: not sent. The push service no longer knows this device. Turn on push again.`,
    refused: (time: string, reason: string) => `Last push, ${time}: refused by the push service (${isolate(reason)}).${/BadJwtToken/.test(reason) ? " It only serves servers with a public https address." : ""}`,
    failed: (time: string, reason: string) => `Last push, ${time}: not sent. The server can't reach the push service (${isolate(reason)}).`,
  } as Readonly<Record<string, (time: string, reason: string) => string>>,
};
