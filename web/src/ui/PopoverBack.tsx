import { use } from "react";
import { OverlayTriggerStateContext } from "react-aria-components";
import { useBackCloses } from "./backCloses.ts";
import { isCoarse } from "./coarse.ts";

/** In a Popover: on a phone Back closes it. onClose: of a popover without a trigger. */
export function PopoverBack({ onClose }: { onClose?: () => void }) {
  const state = use(OverlayTriggerStateContext);
  useBackCloses(isCoarse(), onClose ?? (() => state?.close()));
  return null;
}
