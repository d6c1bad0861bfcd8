import { type ReactNode, useEffect } from "react";
import { Dialog as Box, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  /** For a question whose answer cannot be taken back: Escape and a press outside mean no. */
  role?: "dialog" | "alertdialog";
  children: ReactNode;
}

/** Focus goes in, stays in, and returns to where it was. */
export function Dialog({ title, isOpen, onClose, role = "dialog", children }: Props) {
  useEffect(() => { // what had the focus may be gone, such as the menu of a member who was removed
    const onKey = (e: KeyboardEvent) => isOpen && e.key === "Escape" && document.activeElement === document.body && onClose();
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [isOpen, onClose]);
  return (
    <ModalOverlay className="veil" isOpen={isOpen} onOpenChange={(open) => open || onClose()} isDismissable>
      <Modal className="dialog">
        <Box role={role}>
          <Heading slot="title" level={2}>{title}</Heading>
          {children}
        </Box>
      </Modal>
    </ModalOverlay>
  );
}
