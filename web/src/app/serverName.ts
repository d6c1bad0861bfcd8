// The server's name, shared by all views.
import { createStore } from "../ui/store.ts";

export const { set: setServerName, useValue: useServerName } = createStore("Parley");
