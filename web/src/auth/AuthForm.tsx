import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { asFailure } from "../core/failure.ts";
import { Button } from "../ui/Button.tsx";
import { Field } from "../ui/Field.tsx";
import { explain } from "../strings/failure.ts";
import { t } from "../strings/index.ts";
import { nextHandle, suggestHandle } from "./suggestHandle.ts";

const d = t.auth;

/** The fields that auth forms can have. */
const fields = {
  serverName: { label: d.serverName, autoComplete: "off" },
  name: { label: d.name, hint: d.nameHint, autoComplete: "name" },
  /** A handle may be written with its @. */
  handle: { label: d.handle, autoComplete: "username", autoCapitalize: "none", spellCheck: false },
  password: { label: d.password, autoComplete: "current-password" },
  newPassword: { label: d.newPassword, hint: d.passwordHint, autoComplete: "new-password" },
} as const;
type Name = keyof typeof fields;
export type AuthValues = Readonly<Record<Name, string>>;

/** Returns the account that a form's values describe. */
export const accountOf = (s: AuthValues) => ({ name: s.name, handle: s.handle, password: s.newPassword });

interface Props {
  ask: readonly Name[];
  button: string;
  /** Initial values. */
  given?: Partial<AuthValues>;
  send: (values: AuthValues) => Promise<void>;
  children?: ReactNode;
}

/** A form of the auth pages. An error is shown at the field that it is about. */
export function AuthForm({ ask, button, given, send, children }: Props) {
  const [values, setValues] = useState<AuthValues>({ serverName: "", name: "", handle: "", password: "", newPassword: "", ...given });
  const [error, setError] = useState<{ field: string; message: string }>();
  const [suggests, setSuggests] = useState(ask.includes("name")); // the handle follows the name, until it is typed
  const [busy, setBusy] = useState(false);
  const [shown, setShown] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => void (error && form.current?.querySelector<HTMLElement>("[aria-invalid]")?.focus()), [error]);

  function change(name: Name, value: string) {
    if (name === "handle") setSuggests(value === "" && ask.includes("name"));
    setValues({ ...values, [name]: value, ...(name === "name" && suggests && { handle: suggestHandle(value) }) });
  }

  async function submit(e: FormEvent) {
    e.preventDefault();
    if (busy) return;
    setBusy(true);
    setError(undefined);
    try {
      await send({ ...values, handle: values.handle.trim().replace(/^@/, ""), name: values.name.trim(), serverName: values.serverName.trim() });
    } catch (err) {
      const { field = "", message } = explain(err);
      if (suggests && asFailure(err).code === "handle_taken") {
        const handle = nextHandle(values.handle);
        setValues({ ...values, handle });
        setError({ field: "handle", message: d.handleTaken(handle) });
        return setBusy(false);
      }
      const at = field === "password" && ask.includes("newPassword") ? "newPassword" : field;
      setError({ field: ask.includes(at as Name) ? at : "", message });
      setBusy(false);
    }
  }

  return (
    <form ref={form} onSubmit={(e) => void submit(e)} noValidate>
      {ask.map((name, i) => (
        <Field key={name} {...fields[name]} {...(name === "handle" && ask.includes("name") && { hint: d.handleHint })} name={name} value={values[name]} onChange={(v) => change(name, v)} autoFocus={i === 0} isRequired
          type={/password/i.test(name) && !shown ? "password" : "text"} error={error?.field === name ? error.message : undefined} />
      ))}
      {ask.some((n) => /password/i.test(n)) && (
        <label className="row hint"><input type="checkbox" checked={shown} onChange={(e) => setShown(e.target.checked)} />{d.showPassword}</label>
      )}
      {error?.field === "" && <p className="error" role="alert">{error.message}</p>}
      <Button type="submit" look="main">{button}</Button>
      {children}
    </form>
  );
}
