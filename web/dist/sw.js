// Shows notices and opens what they are about. It keeps no pages.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (e) => e.waitUntil(clients.claim()));
addEventListener("notificationclick", (e) => {
  e.notification.close();
  e.waitUntil((async () => {
    const [page] = await clients.matchAll({ type: "window" });
    if (!page) return clients.openWindow(e.notification.data ?? "/");
    await page.focus();
    page.postMessage({ open: e.notification.data });
  })());
});
