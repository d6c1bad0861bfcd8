// The count of unread messages in the title, a dot on the icon, and for an
// installed page the count on its own.
const plain = "/icon.svg", dotted = "/icon-unread.svg";

const badgeMs = 250; // setting it costs milliseconds, and many messages may come in a second

let count = 0;
let later: ReturnType<typeof setTimeout> | undefined;
let watching = false;

export function badge(unread: number): void {
  if (unread === count && watching) return;
  count = unread;
  document.querySelector<HTMLLinkElement>('link[rel="icon"]')?.setAttribute("href", count > 0 ? dotted : plain);
  later ??= setTimeout(() => {
    later = undefined;
    navigator.setAppBadge?.(count).catch(() => {}); // none takes it away
  }, badgeMs);
  put();
  if (watching) return;
  watching = true; // whoever sets the title need not know of the count
  new MutationObserver(put).observe(document.querySelector("title")!, { childList: true });
}

function put(): void {
  const title = document.title.replace(/^\(\d+\+?\) /, "");
  const wanted = count > 0 ? `(${count > 99 ? "99+" : count}) ${title}` : title;
  if (document.title !== wanted) document.title = wanted;
}
