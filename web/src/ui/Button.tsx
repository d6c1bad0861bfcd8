import type { Ref } from "react";
import { Button as Pressable, type ButtonProps, Tooltip, TooltipTrigger } from "react-aria-components";

interface Props extends ButtonProps {
  ref?: Ref<HTMLButtonElement>;
  /** main: the primary action. plain: without border. icon: an icon alone, needs an aria-label. */
  look?: "main" | "plain" | "danger" | "icon" | "plain icon";
  /** The tooltip, on hover and focus; an icon alone has its label. */
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
      <Tooltip className="tooltip" offset={6}>{text}{shortcut && <kbd>{shortcut}</kbd>}</Tooltip>
    </TooltipTrigger>
  );
}
