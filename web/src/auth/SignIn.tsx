import { useCore } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { AuthForm } from "./AuthForm.tsx";

const d = t.auth;

export function SignIn({ then }: { then: () => void | Promise<void> }) {
  const core = useCore();
  return (
    <>
      <AuthForm ask={["handle", "password"]} button={d.signIn} send={async (s) => { await core.signIn(s.handle, s.password); await then(); }} />
      <details className="auth-forgot">
        <summary>{d.forgot}</summary>
        <p className="hint">{d.forgotHint}</p>
        <p className="hint">{d.forgotAdmin} <code>{d.forgotCommand}</code></p>
      </details>
    </>
  );
}
