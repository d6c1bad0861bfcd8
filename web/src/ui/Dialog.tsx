import { type ReactNode, useEffect } from "react";
import { Dialog as Box, Heading, Modal, ModalOverlay } from "react-aria-components";
import { useBackCloses } from "./backCloses.ts";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** alertdialog: for a decision that cannot be undone; Escape and a press outside cancel. */
  role?: "dialog" | "alertdialog";
  /** palette: a field with results, whose place does not depend on how many they are. sheet: on a phone at the lower edge. */
  look?: "palette" | "sheet";
  children: ReactNode;
}

/** A modal dialog: focus moves in, is trapped, and returns. */
export function Dialog({ title, isOpen, onClose, role = "dialog", look, children }: Props) {
  useBackCloses(isOpen, onClose);
  useEffect(() => { // the focused element may have been removed, such as a removed member's menu
    const onKey = (e: KeyboardEvent) => isOpen && e.key === "Escape" && document.activeElement === document.body && onClose();
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [isOpen, onClose]);
  return (
    <ModalOverlay className={look ? `dialog-overlay ${look}` : "dialog-overlay"} isOpen={isOpen} onOpenChange={(open) => open || onClose()} isDismissable>
      <Modal className="dialog">
        <Box role={role}>
          <Heading slot="title" level={2}>{title}</Heading>
          {children}
        </Box>
      </Modal>
    </ModalOverlay>
  );
}
