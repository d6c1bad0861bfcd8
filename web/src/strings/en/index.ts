// English.
import { app } from "./app.ts";
import { auth } from "./auth.ts";
import { composer } from "./composer.ts";
import { conversation } from "./conversation.ts";
import { failure } from "./failure.ts";
import { files } from "./files.ts";
import { mentions } from "./mentions.ts";
import { notifications } from "./notifications.ts";
import { picture } from "./picture.ts";
import { pins } from "./pins.ts";
import { push } from "./push.ts";
import { search } from "./search.ts";
import { settings } from "./settings.ts";
import { sidebar } from "./sidebar.ts";
import { thread } from "./thread.ts";

export const en = { app, auth, sidebar, conversation, pins, thread, mentions, composer, files, picture, search, settings, notifications, push, failure };
