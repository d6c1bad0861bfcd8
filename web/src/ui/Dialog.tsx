import { type ReactNode, useEffect } from "react";
import { Dialog as Box, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** alertdialog: for a decision that cannot be undone; Escape and a press outside cancel. */
  role?: "dialog" | "alertdialog";
  children: ReactNode;
}

/** A modal dialog: focus moves in, is trapped, and returns. */
export function Dialog({ title, isOpen, onClose, role = "dialog", children }: Props) {
  useEffect(() => { // the focused element may have been removed, such as a removed member's menu
    const onKey = (e: KeyboardEvent) => isOpen && e.key === "Escape" && document.activeElement === document.body && onClose();
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [isOpen, onClose]);
  return (
    <ModalOverlay className="dialog-overlay" isOpen={isOpen} onOpenChange={(open) => open || onClose()} isDismissable>
      <Modal className="dialog">
        <Box role={role}>
          <Heading slot="title" level={2}>{title}</Heading>
          {children}
        </Box>
      </Modal>
    </ModalOverlay>
  );
}
