import type { ReactNode } from "react";
import { Dialog as Box, Heading, Modal, ModalOverlay } from "react-aria-components";

interface Props {
  title: string;
  isOpen: boolean;
  onClose(): void;
  /** For a question whose answer cannot be taken back: Escape and a press outside mean no. */
  role?: "dialog" | "alertdialog";
  children: ReactNode;
}

/** Focus goes in, stays in, and returns to where it was. */
export function Dialog({ title, isOpen, onClose, role = "dialog", children }: Props) {
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
