// The number of unread messages in the title, a dot on the icon, and the number of unread chats on the badge of an installed
// page: pushes count chats, too.
const plain = "/icon.svg", dotted = "/icon-unread.svg";
const restMs = 200; // throttles the updates in a busy chat

let count = 0, chatCount = 0;
let title = ""; // without the count, as a view set it: it may begin with a number in brackets itself
let shown = ""; // what put has set
let watching = false;
let timer: ReturnType<typeof setTimeout> | undefined;

export function badge(messages: number, chats: number): void {
  if (messages === count && chats === chatCount) return;
  count = messages;
  chatCount = chats;
  timer ??= setTimeout(show, restMs);
  if (watching) return;
  watching = true; // adds the count whenever a view sets the title
  new MutationObserver(put).observe(document.querySelector("title")!, { childList: true });
}

function show(): void {
  timer = undefined;
  const link = document.querySelector('link[rel="icon"]'), icon = count > 0 ? dotted : plain;
  if (link?.getAttribute("href") !== icon) link?.setAttribute("href", icon);
  navigator.setAppBadge?.(chatCount).catch(() => {}); // 0 removes it
  put();
}

function put(): void {
  if (document.title !== shown) title = document.title;
  const wanted = count > 0 ? `(${count > 99 ? "99+" : count}) ${title}` : title;
  shown = wanted;
  if (document.title !== wanted) document.title = wanted;
}
