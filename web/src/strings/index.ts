// All texts of the page, by view. A language is one module of the shape of en.
import { en } from "./en/index.ts";

export type Catalogue = typeof en;

export const t: Catalogue = en;
