import type { Ref } from "react";
import { Button as Pressable, type ButtonProps } from "react-aria-components";

interface Props extends ButtonProps {
  ref?: Ref<HTMLButtonElement>;
  /** main: the primary action. plain: without border. icon: an icon alone, needs an aria-label. */
  look?: "main" | "plain" | "danger" | "icon" | "plain icon";
}

export const Button = ({ look, ...props }: Props) => <Pressable className={look ? `button ${look}` : "button"} {...props} />;
