import { expect, test } from "vitest";
import { t } from "./index.ts";
import { isolate } from "./isolate.ts";

test("a name with right-to-left letters is isolated, any other stands as it is", () => {
  for (const name of ["", "Ann", "Zoë 2", "山田", "Ёлка", "👩‍💻"]) expect(isolate(name)).toBe(name);
  for (const name of ["שלום", "محمد (2)", "Ann א", "A\u202enn", "\u{1e900}x", "ab\u200f"]) expect(isolate(name)).toBe(`\u2068${name}\u2069`);
  expect(isolate("א\u2069 b")).toBe("\u2068א b\u2069"); // a name cannot end its own isolation
});

test("every sentence isolates the names in it", () => {
  const name = "א (1)", isolated = isolate(name);
  const { app, auth, conversation, settings, composer } = t;
  for (const text of [
    conversation.typing([name]), conversation.typing(["Ann", name]), conversation.leaveChat(name), conversation.successorIs(name), conversation.actions(name, "12:00"),
    conversation.seenBy(["Ann", name]), conversation.replyTo(name), conversation.namesAndOthers(["Ann", name], 0), conversation.memberMenu(name), conversation.message(name), conversation.startOf(name), conversation.removeTitle(name), conversation.removeHint(name), conversation.row(name, "", ""), app.otherUserHint(name), app.continueAs(name),
    auth.signInTo(name), auth.join(name), auth.invitedTo(name, "x"), auth.invitedTo("x", name), auth.memberCount(2, name), auth.joinAs(name), auth.alreadyMember(name),
    settings.inviteTo(name), settings.signOutOne(name), settings.disableHint(name), settings.recoveryHint(name, ""), settings.revokeOne(name, "x"), settings.revokeOne("x", name),
    settings.by(name), settings.menuOf(name), composer.placeholder(name), t.sidebar.remove(name), t.sidebar.deletedBy(name), t.notifications.summaryOf(["x", name]),
  ]) expect(text).toContain(isolated);
});
