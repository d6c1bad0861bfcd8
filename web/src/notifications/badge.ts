// The unread count in the title, a dot on the icon, and the badge of an installed page.
const plain = "/icon.svg", dotted = "/icon-unread.svg";
const restMs = 200; // throttles the updates in a busy chat

let count = 0;
let title = ""; // without the count, as a view set it: it may begin with a number in brackets itself
let shown = ""; // what put has set
let watching = false;
let timer: ReturnType<typeof setTimeout> | undefined;

export function badge(unread: number): void {
  if (unread === count) return;
  count = unread;
  timer ??= setTimeout(show, restMs);
  if (watching) return;
  watching = true; // adds the count whenever a view sets the title
  new MutationObserver(put).observe(document.querySelector("title")!, { childList: true });
}

function show(): void {
  timer = undefined;
  const link = document.querySelector('link[rel="icon"]'), icon = count > 0 ? dotted : plain;
  if (link?.getAttribute("href") !== icon) link?.setAttribute("href", icon);
  navigator.setAppBadge?.(count).catch(() => {}); // 0 removes it
  put();
}

function put(): void {
  if (document.title !== shown) title = document.title;
  const wanted = count > 0 ? `(${count > 99 ? "99+" : count}) ${title}` : title;
  shown = wanted;
  if (document.title !== wanted) document.title = wanted;
}
