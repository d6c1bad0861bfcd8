// Takes the two screenshots of the README.
import { fileURLToPath } from "node:url";
import { api, heading, TestEnvironment, phone, wideScreen } from "../test/kit.mjs";

const docs = new URL("../../docs/", import.meta.url);
const h = new TestEnvironment([]);
await h.open();
try {
  const ann = await h.signedIn("Ann", wideScreen);
  const ben = await h.signedIn("Ben");
  const cora = await h.signedIn("Cora", phone);
  const dev = await h.signedIn("Dev");
  const [a, b, c, d] = await Promise.all([ann, ben, cora, dev].map(async (p) => (await api(p, "GET", "/api/me")).user.id));
  let n = 0;
  const group = async (title, topic, by, members) => {
    const { chat } = await api(by, "POST", "/api/chats", { clientId: `chat${n++}`, kind: "group", title, topic, members });
    if (topic) await api(by, "PATCH", `/api/chats/${chat.id}`, { topic });
    return chat.id;
  };
  const direct = async (by, to) => (await api(by, "POST", "/api/chats", { clientId: `chat${n++}`, kind: "direct", members: [to] })).chat.id;
  const write = async (by, chat, text, replyTo) => (await api(by, "POST", `/api/chats/${chat}/messages`, { clientId: `m${n++}`, text, replyTo })).message.seq;
  const react = (by, chat, seq, emoji) => api(by, "PUT", `/api/chats/${chat}/messages/${seq}/reactions/${encodeURIComponent(emoji)}`);

  const release = await group("Release 2.4", "Ships Thursday. Notes in the wiki.", ann, [b, c, d]);
  const design = await group("Design", "", cora, [a, b]);
  const kitchen = await group("Kitchen", "", ben, [a, c, d]);
  const annBen = await direct(ben, a), annDev = await direct(dev, a);

  await write(cora, design, "The new empty states are in the shared folder");
  await write(ben, design, "They read much better, thank you");
  await write(dev, annDev, "Thanks, that fixed it");
  await write(ann, annBen, "Shall we look at the migration after lunch?");

  await write(ben, release, "Morning! The migration ran on staging over night: **11 minutes**, no retries.");
  const q = await write(cora, release, "Nice. Is the search index rebuilt as part of it, or do we run that by hand?");
  await write(dev, release, "By hand, once. It is one command:\n\n```sh\nindexer rebuild --workers 4 --since 2024-01-01\n```\n\nTakes about three minutes on the small machine.", q);
  const yes = await write(ann, release, "Then the order for Thursday is:\n\n1. freeze at 09:00\n2. migrate\n3. rebuild the index\n4. open again, and *watch the error rate* for an hour");
  await react(ben, release, yes, "👍");
  await react(cora, release, yes, "👍");
  await react(dev, release, yes, "🚀");
  await write(cora, release, "I take the status page. @ann, can you tell support?");
  await write(ann, release, "Done, they know. Notes are at https://wiki.example/release-2.4");
  const last = await write(ben, release, "Perfect. See you all on Thursday 🎉");
  await react(ann, release, last, "🎉");
  await write(ben, kitchen, "Somebody left soup in the big pot, it is very good");
  await write(dev, kitchen, "That was me, help yourselves");
  await write(ben, annBen, "After lunch is good. I bring the numbers");

  for (const [page, name, colorScheme] of [[ann, "desktop", "light"], [cora, "phone", "dark"]]) {
    await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
    await page.goto(h.at(`/c/${release}`));
    await heading(page, "Release 2.4");
    await page.locator(".message", { hasText: "Perfect. See you all" }).waitFor();
    const no = page.getByRole("button", { name: "Not now", exact: true }); // the question about notifications
    if (await no.count()) await no.click();
    await page.getByRole("region", { name: "Messages", exact: true }).press("Escape"); // marks all as read
    await page.reload();
    await page.locator(".message", { hasText: "Perfect. See you all" }).waitFor();
    await page.evaluate(() => document.activeElement?.blur());
    await page.evaluate(() => new Promise((ok) => requestAnimationFrame(() => requestAnimationFrame(ok))));
    await page.screenshot({ path: fileURLToPath(new URL(`${name}.png`, docs)) });
  }
} finally {
  await h.close();
}
