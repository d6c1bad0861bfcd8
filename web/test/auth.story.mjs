// Setup by the owner's link, invites, signing in and out, recovery of a password.
import assert from "node:assert/strict";
import { api, field, fill, heading, testEnvironment, phone, press, say, sent, test, wide } from "./kit.mjs";
import { Parley } from "./parley.mjs";

const h = testEnvironment();
let ann, bob, inviteLink;

test("the owner's link creates the owner, who lands in General", async () => {
  ann = await h.newBrowser();
  await ann.goto(h.parley.setup);
  await heading(ann, "Set up your server");
  await fill(ann, { "Server name": "x".repeat(65), "Your name": "Ann", Handle: "ann", "New password": "correct horse" });
  await press(ann, "Get started");
  await ann.locator('[name="serverName"][aria-invalid]:focus').waitFor(); // the server knows how long a name may be
  await fill(ann, { "Server name": "Our house", "Your name": "Ann", Handle: "ann", "New password": "short" });
  await press(ann, "Get started");
  await ann.getByText("Use at least 8 characters.").waitFor();
  await ann.getByLabel("New password", { exact: true }).and(ann.locator('[aria-invalid="true"]')).waitFor();
  await h.accessible(ann, "setup");
  await fill(ann, { "New password": "correct horse" });
  await press(ann, "Get started");
  await heading(ann, "General");
  assert.equal(new URL(ann.url()).hash, "");
  await field(ann).waitFor();
  await ann.waitForFunction(() => document.activeElement?.matches("[data-composer]"));
  const card = ann.getByRole("region", { name: "Invite your team" });
  await card.waitFor();
  const { y, height } = await card.boundingBox();
  assert.ok(y >= 0 && y + height <= 800, "the invite card is in sight");
  await h.accessible(ann, "first-minute");
  await say(ann, "Welcome");
  await sent(ann, "Welcome");
});

test("the owner's link works once, and then explains that", async () => {
  await ann.goto(h.parley.setup);
  await heading(ann, "This link was already used");
  await press(ann, "Back to chats");
  await heading(ann, "General");
  const late = await h.newBrowser();
  await late.goto(h.parley.setup);
  await heading(late, "This link was already used");
  await h.accessible(late, "setup-used");
  await fill(late, { Handle: "ann", Password: "correct horse" });
  await press(late, "Sign in");
  await heading(late, "General");
  await late.context().close();
});

test("an invite link is created on a press, listed, and withdrawn", async () => {
  const open = async () => (await api(ann, "GET", "/api/invites")).invites;
  assert.deepEqual(await open(), [], "nothing was made by looking");
  const card = ann.getByRole("region", { name: "Invite your team" });
  await card.getByLabel("Uses").selectOption("5");
  await card.getByLabel("Expires").selectOption("In 1 day");
  await press(ann, "Create link");
  await card.getByText("This link only works on this computer", { exact: false }).waitFor(); // no code: a phone cannot open it
  assert.equal(await card.getByLabel("QR code of the link").count(), 0);
  await h.accessible(ann, "invite-local");
  const link = await card.getByRole("textbox", { name: "Link", exact: true }).inputValue();
  const [made, ...others] = await open();
  assert.deepEqual(others, []);
  assert.equal(made.uses, 5);
  assert.ok(made.expiresAt - Date.now() < 864e5 + 6e4);
  await h.shot(ann, "invite-made");
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Invite people" }).click();
  await ann.getByRole("dialog").getByText("5 uses left").waitFor();
  await ann.getByRole("dialog").getByRole("button", { name: /^Revoke invite to General by Ann/ }).click();
  await ann.getByRole("dialog").getByText("5 uses left").waitFor({ state: "detached" });
  assert.deepEqual(await open(), []);
  await ann.keyboard.press("Escape");
  await press(ann, "Not now");
  await card.waitFor({ state: "detached" });
  await ann.reload();
  await heading(ann, "General");
  await ann.getByText("Welcome", { exact: true }).first().waitFor();
  assert.equal(await card.count(), 0, "who wants none is not asked again");

  const late = await h.newBrowser();
  await late.goto(link);
  await heading(late, "This invite is no longer valid");
  await h.accessible(late, "invite-spent");
  await press(late, "Sign in");
  await late.getByText("No account yet? Ask a member for an invite.").waitFor();
  await late.context().close();
});

test("the card with the link stays until it is closed, also after somebody joined", async () => {
  const { chat } = await api(ann, "POST", "/api/chats", { clientId: "card", kind: "group", title: "Card" });
  await ann.goto(h.at(`/c/${chat.id}`));
  await heading(ann, "Card");
  const card = ann.getByRole("region", { name: "Invite your team" });
  await press(ann, "Create link");
  const link = await card.getByRole("textbox", { name: "Link", exact: true }).inputValue();
  const eve = await h.newBrowser();
  await eve.goto(link);
  await fill(eve, { "Your name": "Eve", Handle: "eve", "New password": "correct horse" });
  await press(eve, "Join");
  await heading(eve, "Card");
  await eve.context().close();
  await ann.getByRole("button", { name: "2 members" }).waitFor();
  assert.equal(await card.getByRole("textbox", { name: "Link", exact: true }).inputValue(), link);
  await ann.getByRole("link", { name: /^General/ }).click(); // to send it to somebody
  await heading(ann, "General");
  await ann.getByRole("link", { name: /^Card/ }).click();
  await heading(ann, "Card");
  assert.equal(await card.getByRole("textbox", { name: "Link", exact: true }).inputValue(), link);
  await press(ann, "Not now");
  await card.waitFor({ state: "detached" });
  await ann.getByRole("link", { name: /^General/ }).click();
  await heading(ann, "General");
  await ann.getByRole("link", { name: /^Card/ }).click();
  await heading(ann, "Card");
  assert.equal(await card.count(), 0);
});

test("a link to localhost is offered with the address in the network, and that as a code", async () => {
  const lan = "http://192.0.2.7:8080/#invite=";
  await ann.route("**/api/invites", async (route) => {
    if (route.request().method() !== "POST") return route.fallback();
    const answer = await route.fetch();
    const made = await answer.json();
    await route.fulfill({ response: answer, json: { ...made, lanUrl: lan + made.url.split("#invite=")[1] } });
  });
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Invite people" }).click();
  const dialog = ann.getByRole("dialog");
  await dialog.getByRole("button", { name: "Create link" }).click();
  await dialog.getByLabel("QR code of the link").waitFor();
  assert.ok((await dialog.getByRole("textbox", { name: "Link", exact: true }).inputValue()).startsWith(lan));
  await dialog.getByText("For devices on the same network as this computer.").waitFor();
  await h.accessible(ann, "invite-lan");
  await ann.unroute("**/api/invites");
  await ann.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
});

test("a chat is created and a second person joins by its invite", async () => {
  await press(ann, "New chat");
  await fill(ann, { "Chat name": "x".repeat(200) });
  await press(ann, "Start chat");
  await ann.getByLabel("Chat name", { exact: true }).and(ann.locator("[aria-invalid]")).waitFor();
  await fill(ann, { "Chat name": "Garden" });
  await h.accessible(ann, "new-chat");
  await press(ann, "Start chat");
  await heading(ann, "Garden");
  await press(ann, "Chat menu");
  await ann.getByRole("menuitem", { name: "Invite people" }).click();
  await ann.getByRole("dialog").getByRole("button", { name: "Create link" }).click();
  inviteLink = await ann.getByRole("textbox", { name: "Link", exact: true }).inputValue();
  await h.accessible(ann, "invite");
  await ann.keyboard.press("Escape");
  assert.equal(new URL(inviteLink).host, new URL(h.parley.url).host);

  bob = await h.newBrowser(phone);
  await bob.goto(inviteLink);
  await heading(bob, "Ann invited you to Garden");
  for (const [label, name, value] of [["Your name", "name", "é".repeat(40)], ["Handle", "handle", "b".repeat(40)], ["New password", "newPassword", "p".repeat(300)]]) {
    await fill(bob, { "Your name": "Bob", Handle: "bob", "New password": "battery staple", [label]: value });
    await press(bob, "Join");
    await bob.locator(`[name="${name}"][aria-invalid]:focus`).waitFor();
  }
  await fill(bob, { "Your name": "Bob", Handle: "ann", "New password": "battery staple" });
  await press(bob, "Join");
  await bob.locator('[name="handle"][aria-invalid]:focus').waitFor(); // taken
  assert.equal(await wide(bob), false);
  await h.accessible(bob, "joining");
  await fill(bob, { Handle: "bob" });
  await press(bob, "Join");
  await heading(bob, "Garden");
});

test("a deep link survives signing in and an invite", async () => {
  await say(ann, "Read this");
  await sent(ann, "Read this");
  const place = new URL(ann.url()).pathname + "/" + await ann.locator(".message[data-seq]").last().getAttribute("data-seq");
  const dan = await h.newBrowser();
  await dan.goto(h.at(place) + new URL(inviteLink).hash);
  await heading(dan, "Ann invited you to Garden");
  await fill(dan, { "Your name": "Dan", Handle: "dan", "New password": "third time lucky" });
  await press(dan, "Join");
  await dan.locator(".message.mark", { hasText: "Read this" }).waitFor();
  assert.equal(new URL(dan.url()).pathname + new URL(dan.url()).hash, place);
  await dan.context().clearCookies();
  await dan.goto(h.at(place));
  await fill(dan, { Handle: "dan", Password: "third time lucky" });
  await press(dan, "Sign in");
  await dan.locator(".message.mark", { hasText: "Read this" }).waitFor();
  assert.equal(new URL(dan.url()).pathname, place);
  await dan.context().close();
});

test("a user signs out and in again", async () => {
  await press(bob, "All chats");
  await press(bob, "Menu");
  await bob.getByRole("menuitem", { name: "Sign out" }).click();
  await heading(bob, "Sign in to Our house");
  await h.accessible(bob, "sign-in");
  await fill(bob, { Handle: "bob", Password: "wrong horse" });
  await press(bob, "Sign in");
  await bob.getByText(/Wrong handle/).waitFor();
  await fill(bob, { Password: "battery staple" });
  await press(bob, "Sign in");
  await bob.getByRole("link", { name: /Garden/ }).waitFor();
});

test("sign-in says what to do about a lost password", async () => {
  const page = await h.newBrowser(phone);
  await page.goto(h.at("/"));
  await page.getByText("Forgot your password?").waitFor();
  assert.equal(await page.getByText("Ask an admin of this server for a recovery link", { exact: false }).isVisible(), false);
  await page.getByText("Forgot your password?").tap();
  await page.getByText("Ask an admin of this server for a recovery link", { exact: false }).waitFor();
  await page.getByText("parley recover").waitFor();
  assert.equal(await wide(page), false);
  await h.accessible(page, "forgot");
  await page.context().close();
});

test("the handle follows the name until it is typed, and gets a number if it is taken", async () => {
  const page = await h.newBrowser();
  await page.goto(inviteLink);
  const handle = page.getByLabel("Handle", { exact: true });
  await page.getByLabel("Your name", { exact: true }).fill("Zoë Müller");
  assert.equal(await handle.inputValue(), "zoe.muller");
  await handle.fill("zoe");
  await page.getByLabel("Your name", { exact: true }).fill("Ann");
  assert.equal(await handle.inputValue(), "zoe");
  await handle.fill("");
  await page.getByLabel("Your name", { exact: true }).fill("Bob!");
  await page.getByLabel("New password", { exact: true }).fill("correct horse");
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.getByText(/That handle is taken. How about .?bob2/).waitFor();
  assert.equal(await handle.inputValue(), "bob2");
  await page.locator('[name="handle"][aria-invalid]:focus').waitFor();
  await h.accessible(page, "handle-taken");
  await fill(page, { "Your name": "é".repeat(40), Handle: "b" });
  await page.getByRole("button", { name: "Join", exact: true }).click();
  await page.getByText(/^Use 2 to 32 letters|^8 characters too long|^\d+ characters? too long/).waitFor();
  await page.context().close();
});

test("an invite is accepted with an existing account", async () => {
  const carol = await h.newBrowser();
  await carol.goto(inviteLink);
  await press(carol, "I already have an account");
  await fill(carol, { Handle: "bob", Password: "battery staple" });
  await press(carol, "Sign in");
  await heading(carol, "Garden");
  await carol.context().close();
});

test("a recovery link sets a password and ends the other sessions at once", async () => {
  const { users } = await api(ann, "GET", "/api/users?q=bob");
  const { url } = await api(ann, "POST", "/api/recoveries", { userId: users[0].id });
  const again = await h.newBrowser();
  await again.goto(url);
  await heading(again, "Set a new password");
  await h.accessible(again, "recovery");
  await fill(again, { "New password": "a third password" });
  await press(again, "Set password");
  await again.getByRole("link", { name: /Garden/ }).waitFor();
  await heading(bob, "Sign in to Our house");
  await again.context().clearCookies();
  await again.goto(url);
  await fill(again, { "New password": "a fourth password" });
  await press(again, "Set password");
  await again.getByRole("alert").getByText(/used or has expired/).waitFor();
  await press(again, "Sign in");
  await heading(again, "Sign in to Our house");
  await again.context().close();
});

test("on a phone the owner lands in General, too", async () => {
  const server = new Parley();
  await server.start();
  try {
    const owner = await h.newBrowser(phone);
    await owner.goto(server.setup);
    await fill(owner, { "Your name": "Owner", Handle: "owner", "New password": "correct horse" });
    await press(owner, "Get started");
    await heading(owner, "General");
    await owner.getByRole("region", { name: "Invite your team" }).waitFor();
    assert.ok(await field(owner).evaluate((e) => e.getBoundingClientRect().bottom <= innerHeight), "card and field are in sight");
    assert.equal(await wide(owner), false);
    await h.accessible(owner, "first-minute");
    await owner.context().close();
  } finally {
    await server.remove();
  }
});

test("a server without registration says whom to ask for an account", async () => {
  const server = new Parley(["--registration", "closed"]);
  await server.start();
  try {
    const owner = await h.newBrowser();
    await owner.goto(server.setup);
    await fill(owner, { "Your name": "Owner", Handle: "owner", "New password": "correct horse" });
    await press(owner, "Get started");
    await heading(owner, "General");
    const late = await h.newBrowser(phone);
    await late.goto(server.url);
    await late.getByText("This server isn't accepting new accounts. Contact its admin.", { exact: true }).waitFor();
    assert.equal(await late.getByRole("button", { name: "Create an account" }).count(), 0);
    assert.equal(await wide(late), false);
    await h.accessible(late, "closed");
    for (const p of [owner, late]) await p.context().close();
  } finally {
    await server.remove();
  }
});

h.noFaults();
