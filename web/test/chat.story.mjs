// Deleting a chat, blocking a user, taking charge of a chat, and unread messages that are deleted.
import { api, post, press, sent, test, testEnvironment, texts } from "./kit.mjs";

let ann, bob, carol, garden, plot;
const h = testEnvironment(async (h) => {
  ann = await h.signedIn("Ann"); // the admin of the server
  bob = await h.signedIn("Bob");
  carol = await h.signedIn("Carol");
  garden = await h.chat("Garden", ann, bob, carol);
  plot = await h.chat("Plot", bob, carol);
});
const item = (page, name) => page.getByRole("menuitem", { name, exact: true }).click();
const idOf = async (page) => (await api(page, "GET", "/api/me")).user.id;

test("a deleted message is not unread any more", async () => {
  await carol.goto(h.at(`/c/${garden}`));
  const badge = (text) => carol.getByRole("link", { name: /Plot/ }).getByText(text, { exact: true });
  await post(bob, plot, 2, "Oops");
  await badge("2").first().waitFor();
  const { messages } = await api(bob, "GET", `/api/chats/${plot}/messages`);
  await api(bob, "DELETE", `/api/chats/${plot}/messages/${messages.at(-1).seq}`);
  await badge("1").first().waitFor();
  await carol.reload();
  await badge("1").first().waitFor();
});

test("an admin of the server takes charge of a chat", async () => {
  const { user } = await api(ann, "GET", "/api/me");
  await api(bob, "PUT", `/api/chats/${plot}/members/${user.id}`);
  await ann.goto(h.at(`/c/${plot}`));
  await press(ann, "3 members");
  const dialog = ann.getByRole("dialog");
  await dialog.getByText("you", { exact: true }).waitFor();
  await press(ann, `More actions for ${user.name}`);
  await h.accessible(ann, "take charge");
  await item(ann, "Become an admin");
  await dialog.getByText("you, admin", { exact: true }).waitFor();
  await ann.keyboard.press("Escape");
});

test("a blocked user cannot start a chat with the one who blocked them", async () => {
  await carol.goto(h.at(`/c/${plot}`));
  await carol.locator(".message .user-name", { hasText: "Bob" }).first().click();
  await press(carol, "Block");
  await carol.getByText("You blocked Bob.").waitFor();
  await post(bob, plot, 1, "To all");
  await sent(carol, "To all 1");
  await bob.goto(h.at(`/c/${plot}`));
  const carolId = await idOf(carol);
  await press(bob, "3 members");
  await press(bob, "More actions for Carol");
  await item(bob, "Message Carol");
  await bob.getByText("you cannot start a chat with this person").waitFor();
  await carol.locator(".message .user-name", { hasText: "Bob" }).first().click();
  await h.accessible(carol, "user card");
  await press(carol, "Unblock");
  await carol.getByText("You unblocked Bob.").waitFor();
  await api(bob, "POST", "/api/chats", { kind: "direct", members: [carolId], clientId: "to Carol" });
});

test("a chat is deleted after a question, for everybody", async () => {
  await ann.goto(h.at(`/c/${garden}`));
  await bob.goto(h.at(`/c/${garden}`));
  await post(ann, garden, 1, "Secret");
  await texts(bob, "Secret 1").waitFor();
  await press(ann, "Chat menu");
  await item(ann, "Delete chat");
  await ann.getByRole("alertdialog", { name: "Delete Garden?" }).getByText("All messages will be deleted for all 3 members.").waitFor();
  await h.accessible(ann, "delete chat");
  await press(ann, "Cancel");
  await press(ann, "Chat menu");
  await item(ann, "Delete chat");
  await ann.getByRole("alertdialog").getByRole("button", { name: "Delete chat" }).click();
  for (const page of [ann, bob, carol]) await page.getByRole("link", { name: /Garden/ }).waitFor({ state: "detached" });
  await bob.getByText("This chat was deleted").waitFor();
  await texts(bob, "Secret 1").waitFor({ state: "detached" });
  await bob.goto(h.at(`/c/${plot}`));
  await bob.getByRole("heading", { name: "Plot", exact: true }).waitFor();
  await press(bob, "Chat menu");
  await bob.getByRole("menuitem", { name: "Delete chat" }).waitFor(); // its admin
});
