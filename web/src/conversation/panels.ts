// What shows messages beside the log, in one chunk. It is not in app/parts.ts, which the rows of messages load.
export { default as Pins } from "./Pins.tsx";
export { default as ThreadPanel } from "./ThreadPanel.tsx";
