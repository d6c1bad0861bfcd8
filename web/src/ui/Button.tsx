import { Button as Pressable, type ButtonProps } from "react-aria-components";

interface Props extends ButtonProps {
  /** main: the one thing to do here. plain: as little as can be. icon: a sign alone, with an aria-label. */
  look?: "main" | "plain" | "danger" | "icon" | "plain icon";
}

export const Button = ({ look, ...props }: Props) => <Pressable className={look ? `button ${look}` : "button"} {...props} />;
