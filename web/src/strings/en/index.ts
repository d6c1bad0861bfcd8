// English.
import { app } from "./app.ts";
import { auth } from "./auth.ts";
import { composer } from "./composer.ts";
import { conversation } from "./conversation.ts";
import { failure } from "./failure.ts";
import { files } from "./files.ts";
import { notifications } from "./notifications.ts";
import { picture } from "./picture.ts";
import { search } from "./search.ts";
import { settings } from "./settings.ts";
import { sidebar } from "./sidebar.ts";

export const en = { app, auth, sidebar, conversation, composer, files, picture, search, settings, notifications, failure };
