// Shows notifications and opens their messages on a click. It caches nothing.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (e) => e.waitUntil(clients.claim()));

// Pages post what to show. Nothing is shown while another window of this server has the focus.
addEventListener("message", (e) => e.waitUntil((async () => {
  const { title, options } = e.data;
  const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
  if (windows.some((w) => w.focused && w.id !== e.source?.id)) return;
  await registration.showNotification(title, { icon: "/icon-192.png", badge: "/icon-192.png", ...options });
})()));

addEventListener("notificationclick", (e) => {
  e.notification.close();
  e.waitUntil((async () => {
    const path = e.notification.data ?? "/";
    const windows = await clients.matchAll({ type: "window", includeUncontrolled: true });
    const page = windows.find((w) => w.visibilityState === "visible") ?? windows[0];
    if (!page) return clients.openWindow(path);
    page.postMessage({ open: path });
    await page.focus().catch(() => {}); // some browsers reject, and focus it anyway
  })());
});
