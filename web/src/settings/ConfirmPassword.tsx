import { useState } from "react";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Dialog } from "../ui/Dialog.tsx";
import { Field } from "../ui/Field.tsx";
import { useFormError } from "./useFormError.ts";

const m = t.settings;

/** Asks for the user's password before something that needs it. onConfirm fails if it is wrong. */
export function ConfirmPassword({ title, handle, onClose, onConfirm }: { title: string; handle: string; onClose: () => void; onConfirm: (password: string) => Promise<void> }) {
  const [password, setPassword] = useState("");
  const error = useFormError();
  return (
    <Dialog title={title} isOpen onClose={onClose}>
      <form className="stack" onSubmit={(e) => {
        e.preventDefault();
        error.clear();
        onConfirm(password).catch(error.set);
      }}>
        {/* Tells password managers whose password it is; they ignore hidden fields. */}
        <input className="sr" name="username" autoComplete="username" value={handle} readOnly tabIndex={-1} aria-hidden="true" />
        <Field label={m.confirmPassword} type="password" value={password} onChange={setPassword} autoComplete="current-password" autoFocus error={error.at("password")} />
        {error.elsewhere("password") && <p className="error" role="alert">{error.elsewhere("password")}</p>}
        <div className="row end">
          <Button onPress={onClose}>{t.app.cancel}</Button>
          <Button type="submit" look="danger" isDisabled={!password}>{m.signOut}</Button>
        </div>
      </form>
    </Dialog>
  );
}
