import { type KeyboardEvent, type MouseEvent, type PointerEvent, type ReactNode, useCallback, useMemo, useRef, useState } from "react";
import { Popover } from "react-aria-components";
import { loadParts } from "../app/loadParts.ts";
import { lazyPart } from "../app/lazyPart.tsx";
import { useChat } from "../app/useCore.ts";
import { ChatMenu, type ConversationDialog } from "../conversation/ChatMenu.tsx";
import type { ChatId } from "../core/wire.ts";
import { t } from "../strings/index.ts";
import { afterFocusReturns } from "../ui/afterFocusReturns.ts";
import { PopoverBack } from "../ui/PopoverBack.tsx";
import { type LongPressHandlers, useLongPress } from "../ui/useLongPress.ts";

const ChatNotifications = lazyPart(async () => (await loadParts()).ChatNotifications, "dialog");
const LeaveChat = lazyPart(async () => (await loadParts()).LeaveChat, "dialog");

/** A row, and where on the screen its menu opens. */
interface Place { readonly row: HTMLElement; readonly x: number; readonly y: number }

interface RowMenu {
  /** Of the list: a right click, a long press, the button of a row or a key opens the menu. */
  readonly handlers: LongPressHandlers & { readonly onContextMenu: (e: MouseEvent) => void; readonly onClick: (e: MouseEvent) => void };
  /** Opens the menu with a key; reports whether it was one. */
  readonly onKey: (e: KeyboardEvent) => boolean;
  /** Rendered outside of the list, which is not under the pointer while the menu is open. */
  readonly menu: ReactNode;
}

/** Returns the row in which an event happened: the link, also for its button. */
export const rowOf = (e: { target: EventTarget }): HTMLElement | undefined => (e.target as Element).closest("li")?.querySelector<HTMLElement>("[data-chat]") ?? undefined;

/** The menu of the rows of a list of chats. */
export function useRowMenu(): RowMenu {
  const [place, setPlace] = useState<Place>();
  const [dialog, setDialog] = useState<{ chatId: ChatId; what: ConversationDialog }>();
  const anchor = useRef<HTMLSpanElement>(null);
  const press = useLongPress(pressed, setPlace);
  const chatId = place?.row.dataset["chat"];

  const close = useCallback(() => {
    setPlace((was) => {
      const list = was?.row.closest(".chat-list");
      afterFocusReturns(() => { // the row may be gone, with the focus
        if (document.activeElement === document.body) list?.querySelector<HTMLElement>('[data-chat][tabindex="0"]')?.focus({ preventScroll: true });
      });
      return undefined;
    });
  }, []);
  const handlers = useMemo(() => ({
    ...press,
    onContextMenu: (e: MouseEvent) => {
      const row = rowOf(e);
      if (!row) return;
      e.preventDefault();
      setPlace(e.clientX || e.clientY ? { row, x: e.clientX, y: e.clientY } : below(row));
    },
    onClick: (e: MouseEvent) => {
      const button = (e.target as Element).closest(".chat-row-more"), row = rowOf(e);
      if (button && row) setPlace(below(row, button));
    },
  }), [press]);
  function onKey(e: KeyboardEvent): boolean {
    const row = rowOf(e);
    if (!row || !(e.key === "ContextMenu" || (e.key === "F10" && e.shiftKey))) return false;
    e.preventDefault();
    setPlace(below(row));
    return true;
  }
  const menu = (
    <div onContextMenu={(e) => e.preventDefault() /* of the key that opened the menu */}>
      {place && chatId && (
        <>
          <span ref={anchor} className="row-menu-anchor" style={{ left: place.x, top: place.y }} />
          <Popover className="popover" aria-label={t.conversation.menu} triggerRef={anchor} placement="bottom start" offset={2} isOpen onOpenChange={(open) => open || close()}>
            <PopoverBack onClose={close} />
            <ChatMenu chatId={chatId} short onOpen={(what) => setDialog({ chatId, what })} onClose={close} />
          </Popover>
        </>
      )}
      {dialog && <RowDialog {...dialog} onClose={() => setDialog(undefined)} />}
    </div>
  );
  return { handlers, onKey, menu };
}

function RowDialog({ chatId, what, onClose }: { chatId: ChatId; what: ConversationDialog; onClose: () => void }) {
  const chat = useChat(chatId);
  if (!chat) return null;
  return what === "leave" ? <LeaveChat chat={chat} onClose={onClose} /> : <ChatNotifications chat={chat} onClose={onClose} />;
}

function pressed(e: PointerEvent): Place | undefined {
  const row = rowOf(e);
  return row && { row, x: e.clientX, y: e.clientY };
}

/** Returns the place below an element, in the direction of writing. */
function below(row: HTMLElement, element: Element = row): Place {
  const box = element.getBoundingClientRect();
  return { row, x: getComputedStyle(element).direction === "rtl" ? box.right : box.left, y: box.bottom };
}
