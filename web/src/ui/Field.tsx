import type { InputHTMLAttributes } from "react";
import { Input, Label, Text, TextField } from "react-aria-components";

interface Props extends Pick<InputHTMLAttributes<HTMLInputElement>, "autoComplete" | "inputMode" | "autoCapitalize" | "spellCheck" | "placeholder"> {
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: "text" | "password" | "search";
  hint?: string;
  /** The error message. */
  error?: string;
  autoFocus?: boolean;
  isRequired?: boolean;
  name?: string;
}

export function Field({ label, value, onChange, type = "text", hint, error, autoFocus, isRequired, name, ...input }: Props) {
  return (
    <TextField className="field" value={value} onChange={onChange} type={type} isInvalid={!!error} autoFocus={autoFocus} isRequired={isRequired} validationBehavior="aria" name={name}>
      <Label>{label}</Label>
      <Input {...input} />
      {hint && <Text slot="description" className="hint">{hint}</Text>}
      {error && <Text slot="errorMessage" className="error">{error}</Text>}
    </TextField>
  );
}
