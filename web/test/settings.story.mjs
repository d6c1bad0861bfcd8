// The user's account, the members of a chat, and the pages for admins.
import assert from "node:assert/strict";
import { api, fill, heading, testEnvironment, phone, press, test, wide } from "./kit.mjs";

let ann, bob, carol, garden;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann");
  bob = await h.signedIn("Bob");
  carol = await h.signedIn("Carol");
  garden = await h.chat("Garden", ann, bob);
});
const item = (page, name) => page.getByRole("menuitem", { name, exact: true }).click();
const refused = (page, label) => page.getByLabel(label, { exact: true }).and(page.locator("[aria-invalid]")).waitFor();

test("a new name and status are seen by others", async () => {
  await press(bob, "Menu");
  await item(bob, "Profile and settings");
  await heading(bob, "Profile and settings");
  await bob.waitForFunction(() => [...document.querySelectorAll("input")].some((i) => i.value === "Bob"));
  await fill(bob, { "Your name": "" });
  await press(bob, "Save");
  await refused(bob, "Your name");
  await h.accessible(bob, "me");
  await fill(bob, { "Your name": "é".repeat(40), Status: "x".repeat(200) }); // the server knows how much is too much, and says it at the field
  await press(bob, "Save");
  await refused(bob, "Your name");
  await bob.getByText("8 characters too long.", { exact: true }).waitFor();
  await fill(bob, { "Your name": "Robert" });
  await press(bob, "Save");
  await refused(bob, "Status");
  await fill(bob, { "Your name": "Robert", Status: "at lunch" });
  await press(bob, "Save");
  await bob.getByText("Saved").waitFor();
  await press(ann, "2 members");
  await ann.getByRole("dialog").getByText("Robert").waitFor();
  await ann.keyboard.press("Escape");
  await bob.reload();
  await bob.waitForFunction(() => [...document.querySelectorAll("input")].some((i) => i.value === "at lunch"));
});

test("the theme is stored", async () => {
  await bob.emulateMedia({ colorScheme: "light" });
  await bob.getByLabel("Dark", { exact: true }).check();
  await bob.locator('html[data-theme="dark"]').waitFor();
  const frame = () => bob.evaluate(() => [...document.querySelectorAll('meta[name="theme-color"]')].filter((m) => matchMedia(m.media).matches).map((m) => m.content));
  assert.deepEqual(await frame(), ["#141515"], "the system is light");
  await bob.reload();
  await bob.getByLabel("Dark", { exact: true }).and(bob.locator(":checked")).waitFor();
  await bob.locator('html[data-theme="dark"]').waitFor();
  await bob.getByLabel("System", { exact: true }).check();
});

/** Opens another device of a user. */
async function device(handle, password) {
  const page = await h.newBrowser();
  await page.goto(h.at("/"));
  await fill(page, { Handle: handle, Password: password });
  await press(page, "Sign in");
  await page.getByRole("button", { name: "New chat", exact: true }).waitFor();
  return page;
}

test("devices are listed, one is signed out, then all others", async () => {
  const [one, two, three] = [await device("bob", "correct horse"), await device("bob", "correct horse"), await device("bob", "correct horse")];
  await bob.reload();
  const devices = bob.getByRole("region", { name: "Devices" });
  await devices.getByText("this device").waitFor();
  assert.equal(await devices.getByRole("listitem").count(), 4);
  await devices.getByText("Chrome, Linux", { exact: true }).first().waitFor();
  await h.accessible(bob, "devices");
  const { sessions } = await api(three, "GET", "/api/sessions");
  assert.equal(sessions.filter((s) => s.current).length, 1);
  await devices.getByRole("button", { name: /^Sign out Chrome/ }).first().click();
  await heading(bob, "Sign out Chrome, Linux");
  await h.accessible(bob, "signing a device out");
  await fill(bob, { "Your password": "wrong horse" });
  await bob.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await refused(bob, "Your password");
  await fill(bob, { "Your password": "correct horse" });
  await bob.getByRole("dialog").getByRole("button", { name: "Sign out" }).click();
  await bob.waitForFunction(() => document.querySelectorAll('[aria-labelledby="devices"] li').length === 3);
  await Promise.any([one, two, three].map((p) => heading(p, "Sign in to Our house")));
  await press(bob, "Sign out of all other devices");
  await fill(bob, { "Your password": "correct horse" });
  await bob.keyboard.press("Enter");
  await bob.waitForFunction(() => document.querySelectorAll('[aria-labelledby="devices"] li').length === 1);
  for (const p of [one, two, three]) {
    await heading(p, "Sign in to Our house");
    await p.context().close();
  }
});

test("a new password needs the old one, and signs the other devices out", async () => {
  const other = await device("bob", "correct horse");
  await fill(bob, { "Current password": "wrong horse", "New password": "a better password" });
  await press(bob, "Change password");
  await refused(bob, "Current password");
  await fill(bob, { "Current password": "correct horse" });
  await press(bob, "Change password");
  await bob.getByText("Password changed.", { exact: false }).waitFor();
  await heading(other, "Sign in to Our house");
  await fill(other, { Handle: "bob", Password: "a better password" });
  await press(other, "Sign in");
  await other.getByRole("link", { name: /Garden/ }).waitFor();
  await other.context().close();
});

test("a user who is no admin sees only their own invites", async () => {
  await bob.goto(h.at("/server"));
  await bob.getByText("Only server admins can see this page.").waitFor();
  await bob.goto(h.at("/me"));
  await bob.getByText("No active invites").waitFor();
  await press(bob, "Invite to this server");
  await bob.getByRole("dialog").getByRole("button", { name: "Create link" }).click();
  await bob.getByRole("textbox", { name: "Link", exact: true }).waitFor();
  await press(bob, "Close");
  await press(bob, "Revoke invite to This server by Robert");
  await bob.getByText("No active invites").waitFor();
});

test("members are added, get roles, and are removed; a chat is renamed", async () => {
  await carol.goto(h.at("/me")); // the home page would open the first chat
  await ann.goto(h.at(`/c/${garden}`));
  await press(ann, "2 members");
  const dialog = ann.getByRole("dialog");
  await ann.getByRole("combobox", { name: "Add people" }).fill("carol");
  await ann.getByRole("option", { name: /@carol/ }).click();
  await dialog.getByText("@carol").waitFor();
  await carol.getByRole("link", { name: /Garden/ }).waitFor();
  await press(ann, "More actions for Carol");
  await item(ann, "Make admin");
  await dialog.getByText("admin", { exact: true }).waitFor();
  await h.accessible(ann, "members");
  await press(ann, "More actions for Carol");
  await item(ann, "Remove admin");
  await dialog.getByText("admin", { exact: true }).waitFor({ state: "detached" });
  await press(ann, "More actions for Carol");
  await item(ann, "Remove from chat");
  const remove = ann.getByRole("alertdialog", { name: "Remove Carol?" });
  await remove.getByRole("button", { name: "Cancel" }).click(); // nobody is removed by a slip
  await remove.waitFor({ state: "detached" });
  await press(ann, "More actions for Carol");
  await item(ann, "Remove from chat");
  await remove.getByRole("button", { name: "Remove" }).click();
  await remove.waitFor({ state: "detached" }); // the other dialog is hidden behind it
  await dialog.getByText("@carol").waitFor({ state: "detached" });
  await carol.getByRole("link", { name: /Garden/ }).waitFor({ state: "detached" });
  await ann.getByRole("combobox", { name: "Add people" }).and(ann.locator(":focus")).waitFor(); // her row, where the focus was, is gone
  await ann.mouse.move(0, 0); // Escape closes a tooltip first
  await ann.locator(".tooltip").waitFor({ state: "detached" });
  await ann.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await press(ann, "Chat menu");
  await item(ann, "Name and topic");
  await fill(ann, { Name: "", "Topic": "Beds and bugs" });
  await ann.keyboard.press("Enter");
  await refused(ann, "Name");
  await h.accessible(ann, "rename");
  await fill(ann, { Name: "x".repeat(200) });
  await ann.keyboard.press("Enter");
  await refused(ann, "Name");
  await fill(ann, { Name: "Greenhouse", "Topic": "x".repeat(600) });
  await ann.keyboard.press("Enter");
  await refused(ann, "Topic");
  await fill(ann, { "Topic": "Beds and bugs" });
  await ann.keyboard.press("Enter");
  await heading(ann, "Greenhouse");
  await bob.getByRole("link", { name: /Greenhouse/ }).waitFor();
});

test("the last admin hands over before leaving", async () => {
  await press(ann, "Chat menu");
  await item(ann, "Leave");
  const leave = ann.getByRole("alertdialog", { name: "Leave Greenhouse" });
  await leave.getByRole("combobox", { name: "You're the last admin. Who should take over?" }).fill("robert");
  await h.accessible(ann, "leave");
  await leave.getByRole("option", { name: /Robert/ }).click();
  await leave.getByText("Robert will become an admin.").waitFor();
  await press(ann, "Hand over and leave");
  await ann.getByRole("link", { name: /Greenhouse/ }).waitFor({ state: "detached" });
  await bob.goto(h.at(`/c/${garden}`));
  await press(bob, "1 member");
  await bob.getByRole("dialog").getByText("you, admin").waitFor();
  await bob.keyboard.press("Escape");
  await press(bob, "Chat menu");
  await item(bob, "Leave");
  await bob.getByText("You're the last member. No one will be left in this chat.").waitFor();
  await bob.getByRole("alertdialog").getByRole("button", { name: "Leave" }).click();
  await bob.getByRole("link", { name: /Greenhouse/ }).waitFor({ state: "detached" });
});

test("admins rename the server, set roles, disable and enable accounts, and create recovery links", async () => {
  await press(ann, "Menu");
  await item(ann, "Server settings");
  await ann.getByText("@carol").waitFor();
  await ann.locator(".settings-page > header", { hasText: /Parley \S+/ }).waitFor();
  await h.accessible(ann, "server");
  await fill(ann, { "Server name": "" });
  await press(ann, "Save");
  await refused(ann, "Server name");
  await fill(ann, { "Server name": "The house" });
  await press(ann, "Save");
  await ann.getByRole("navigation", { name: "Chats" }).getByRole("heading", { name: "The house", exact: true }).waitFor();

  await ann.getByLabel("Search people").fill("carol");
  await ann.getByText("@bob", { exact: true }).waitFor({ state: "detached" });
  const menu = () => press(ann, "More actions for Carol");
  await menu();
  await item(ann, "Make admin");
  await ann.getByText("@carol · admin").waitFor();
  await press(carol, "Menu");
  await carol.getByRole("menuitem", { name: "Server settings", exact: true }).waitFor();
  await carol.keyboard.press("Escape");
  await menu();
  await item(ann, "Remove admin");
  await ann.getByText("@carol · admin").waitFor({ state: "detached" });

  await menu();
  await item(ann, "Disable account");
  await h.accessible(ann, "disable");
  await press(ann, "Disable account");
  await ann.getByText("@carol · disabled").waitFor();
  await heading(carol, "Sign in to The house");
  await menu();
  await item(ann, "Enable account");
  await ann.getByText("@carol · disabled").waitFor({ state: "detached" });

  await menu();
  await item(ann, "Recovery link");
  const link = await ann.getByRole("textbox", { name: "Link", exact: true }).inputValue();
  await h.accessible(ann, "recovery-link");
  await ann.keyboard.press("Escape");
  await carol.goto(link);
  await fill(carol, { "New password": "found again" });
  await press(carol, "Set password");
  await carol.getByRole("button", { name: "New chat", exact: true }).waitFor();
  // Whoever sets a password by a link leaves a trace that the user sees.
  await carol.goto(h.at("/me"));
  await carol.getByText("Link from Ann", { exact: true }).waitFor();
  await h.accessible(carol, "recoveries");

  await ann.getByLabel("Search people").fill("ann");
  await press(ann, "More actions for Ann");
  await item(ann, "Remove admin");
  await ann.getByText("Make someone else a server admin first.").waitFor();
});

test("the settings fit a phone", async () => {
  const page = await h.watch(await (await h.browser.newContext({ ...phone, locale: "en-GB", storageState: await ann.context().storageState() })).newPage());
  for (const [path, ready] of [["/me", "this device"], ["/server", "@bob"]]) {
    await page.goto(h.at(path));
    await page.getByText(ready).first().waitFor();
    assert.equal(await wide(page), false);
    await h.accessible(page, path.slice(1));
  }
  await page.context().close();
});

h.noFaults();
