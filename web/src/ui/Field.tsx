import type { InputHTMLAttributes } from "react";
import { Input, Label, Text, TextField } from "react-aria-components";

interface Props extends Pick<InputHTMLAttributes<HTMLInputElement>, "autoComplete" | "inputMode" | "autoCapitalize" | "spellCheck" | "placeholder"> {
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "password" | "search";
  hint?: string;
  /** The error message. */
  fault?: string;
  autoFocus?: boolean;
  isRequired?: boolean;
  name?: string;
}

export function Field({ label, value, onChange, type = "text", hint, fault, autoFocus, isRequired, name, ...input }: Props) {
  return (
    <TextField className="field" value={value} onChange={onChange} type={type} isInvalid={!!fault} autoFocus={autoFocus} isRequired={isRequired} validationBehavior="aria" name={name}>
      <Label>{label}</Label>
      <Input {...input} />
      {hint && <Text slot="description" className="hint">{hint}</Text>}
      {fault && <Text slot="errorMessage" className="fault">{fault}</Text>}
    </TextField>
  );
}
