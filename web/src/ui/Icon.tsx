// Icons as SVG paths, because fonts may lack them.
const paths = {
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm4.7 11.2L20 20",
  jump: "M4 12h14M12 6l6 6-6 6",
  plus: "M12 5v14M5 12h14",
  more: "M5 11.3a.7.7 0 1 0 .01 0ZM12 11.3a.7.7 0 1 0 .01 0ZM19 11.3a.7.7 0 1 0 .01 0Z",
  back: "M15 5l-7 7 7 7",
  smile: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM8.5 14a4 4 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
  addReaction: "M20.5 10.5a9 9 0 1 1-7-7M8.5 14a4 4 0 0 0 7 0M9 9.5h.01M15 9.5h.01M19 2v6M16 5h6",
  format: "M3 18l5-13 5 13M4.5 14.2h7M21 18v-7M21 14.5a3.2 3.5 0 1 1-6.4 0 3.2 3.5 0 0 1 6.4 0",
  send: "M4 12l16-7-5 15-3.5-6.5L4 12Zm7.5 1.5L20 5",
  reply: "M10 6l-6 6 6 6M4 12h9a7 7 0 0 1 7 7",
  close: "M6 6l12 12M18 6L6 18",
  people: "M9 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7ZM2.5 20a6.5 6.5 0 0 1 13 0M15.5 4.9a3.5 3.5 0 0 1 0 6.2M17.5 14a6.5 6.5 0 0 1 4 6",
  pin: "M9 4h6l-1 6 3.5 3.5v1.5h-11v-1.5L10 10ZM12 15v6",
  at: "M16 12a4 4 0 1 1-8 0 4 4 0 0 1 8 0Zm0 0v1.5a2.5 2.5 0 0 0 5 0V12a9 9 0 1 0-3.6 7.2",
  replies: "M4 5h16v11h-8l-5 4v-4H4Z",
  up: "M6 15l6-6 6 6",
  attach: "M20 11.5l-8 8a5.2 5.2 0 0 1-7.4-7.4l8.3-8.2a3.5 3.5 0 0 1 5 4.9l-8.3 8.2a1.7 1.7 0 0 1-2.5-2.4l7.6-7.6",
  file: "M7 3h7l5 5v13H7ZM14 3v5h5",
  download: "M12 4v11M7 10.5l5 5 5-5M5 20h14",
  play: "M8 5l11 7-11 7Z",
  stop: "M7 7h10v10H7Z",
  next: "M9 5l7 7-7 7",
  muted: "M4 4l16 16M9 5.6a5 5 0 0 1 8 4.4c0 2 .4 3.5 1 4.7M7 9.5V10c0 4-1.5 5.5-2.5 6.5H15M10 19.5a2.2 2.2 0 0 0 4 0",
  down: "M12 5v14M6 13l6 6 6-6",
} as const;

export function Icon({ name }: { name: keyof typeof paths }) {
  return <svg className="icon-sign" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true" focusable="false"><path d={paths[name]} /></svg>;
}
