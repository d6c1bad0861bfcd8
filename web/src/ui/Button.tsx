import { type ReactNode, type Ref, type RefObject, use } from "react";
import { Button as Pressable, type ButtonProps, Tooltip, TooltipContext, TooltipTrigger, TooltipTriggerStateContext, useSlottedContext } from "react-aria-components";

interface Props extends ButtonProps {
  ref?: Ref<HTMLButtonElement>;
  /** main: the primary action. plain: without border. icon: an icon alone, needs an aria-label. */
  look?: "main" | "plain" | "danger" | "icon" | "plain icon";
  /** The tooltip, on hover and focus; an icon alone has its label, and none with "". */
  tip?: string;
  /** A shortcut that does the same; the tooltip shows it. */
  shortcut?: string;
}

const tipDelayMs = 400;

export function Button({ look, tip, shortcut, ...props }: Props) {
  const button = <Pressable className={look ? `button ${look}` : "button"} {...props} />;
  const text = tip ?? (look?.includes("icon") ? props["aria-label"] : undefined);
  if (!text) return button;
  return (
    <TooltipTrigger delay={tipDelayMs}>
      {button}
      <Tip>{text}{shortcut && <kbd>{shortcut}</kbd>}</Tip>
    </TooltipTrigger>
  );
}

/** A tooltip in the landmark or dialog of its button: all content of a page should be in one. */
function Tip({ children }: { children: ReactNode }) {
  const open = use(TooltipTriggerStateContext)?.isOpen;
  const { triggerRef } = useSlottedContext(TooltipContext)!;
  return <Tooltip className="tooltip" offset={6} UNSTABLE_portalContainer={open ? landmarkOf(triggerRef) : undefined}>{children}</Tooltip>;
}

const landmarkOf = (ref?: RefObject<Element | null>) => ref?.current?.closest<HTMLElement>("[role=dialog], [role=alertdialog], main, nav, aside") ?? undefined;
