import { Modal } from "@mantine/core";
import type { ReactNode } from "react";

/** A dialog over the page: takes the focus, gives it back, closes by Escape. */
export function Dialog(props: {
  title: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  size?: string;
}) {
  const { title, isOpen, onClose, children, size = "md" } = props;
  return (
    <Modal
      opened={isOpen}
      onClose={onClose}
      title={title}
      size={size}
      centered
      // Locking would write a style element, which the hub's content policy forbids.
      lockScroll={false}
      closeButtonProps={{ "aria-label": "Close" }}
      transitionProps={{ duration: 120 }}
    >
      {children}
    </Modal>
  );
}
