// All texts of the page, by view.
import { isolate } from "./isolate.ts";
import { auth } from "./auth.ts";
import { settings } from "./settings.ts";
import { notifications } from "./notifications.ts";
import { sidebar } from "./sidebar.ts";
import { conversation } from "./conversation.ts";
import { composer } from "./composer.ts";
import { files } from "./files.ts";

const app = {
  name: "Parley",
  now: "Try now",
  starting: "Starting…",
  unreachable: "The server cannot be reached. Trying again…",
  choose: "Choose a chat, or press Ctrl+K to jump to one.",
  crashed: "Something went wrong on this page.",
  reload: "Reload",
  otherUser: "You're signed in as somebody else",
  otherUserWhy: (name: string) => `This browser is now signed in as ${isolate(name)}, so this page stopped.`,
  continueAs: (name: string) => `Continue as ${isolate(name)}`,
  again: "Try again",
  partTitle: "Not loaded",
  partFailed: "This part of the page could not be loaded.",
  partOld: "The server was updated. Reload the page to continue.",
  close: "Close",
  cancel: "Cancel",
  today: "Today",
  yesterday: "Yesterday",
};

export const t = { app, auth, sidebar, conversation, composer, files, settings, notifications };
