// The count of unread messages in the title, a dot on the icon, and for an
// installed page the count on its own.
const plain = "/icon.svg", dotted = "/icon-unread.svg";
const restMs = 200; // a busy chat changes the count more often than anybody reads it

let count = 0;
let watching = false;
let timer: ReturnType<typeof setTimeout> | undefined;

export function badge(unread: number): void {
  if (unread === count) return;
  count = unread;
  timer ??= setTimeout(show, restMs);
  if (watching) return;
  watching = true; // whoever sets the title need not know of the count
  new MutationObserver(put).observe(document.querySelector("title")!, { childList: true });
}

function show(): void {
  timer = undefined;
  const link = document.querySelector('link[rel="icon"]'), icon = count > 0 ? dotted : plain;
  if (link?.getAttribute("href") !== icon) link?.setAttribute("href", icon);
  navigator.setAppBadge?.(count).catch(() => {}); // none takes it away
  put();
}

function put(): void {
  const title = document.title.replace(/^\(\d+\+?\) /, "");
  const wanted = count > 0 ? `(${count > 99 ? "99+" : count}) ${title}` : title;
  if (document.title !== wanted) document.title = wanted;
}
