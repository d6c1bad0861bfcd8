import { useEffect, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { setServerName } from "../app/serverName.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import { t } from "../strings/index.ts";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Field } from "../ui/Field.tsx";
import { attempt, toast } from "../ui/Toast.tsx";
import { Accounts } from "./Accounts.tsx";
import { Invites } from "./Invites.tsx";
import { useFormError } from "./useFormError.ts";

const m = t.settings;

/** The page for admins of the server. */
export function ServerPage() {
  const core = useCore();
  const admin = useSnapshot((s) => s.state.me?.role === "admin");
  const version = useSnapshot((s) => s.state.version);
  const [name, setName] = useState<string>();
  const error = useFormError();
  useEffect(() => {
    document.title = m.serverTitle;
    attempt(async () => setName((await core.api.server()).name));
  }, [core]);
  return (
    <div className="settings-page">
      <header>
        <Button look="plain icon" aria-label={m.back} onPress={() => navigate(paths.home)}><Icon name="back" /></Button>
        <h1>{m.serverTitle}</h1>
        <span className="hint">{m.version(version)}</span>
      </header>
      {!admin ? <p>{m.notAdmin}</p> : (
        <>
          <form onSubmit={(e) => {
            e.preventDefault();
            error.clear();
            const wanted = name?.trim() ?? "";
            core.api.renameServer(wanted).then(() => {
              setServerName(wanted);
              toast(m.saved);
            }, error.set);
          }}>
            <section>
              <Field label={m.serverName} value={name ?? ""} onChange={setName} autoComplete="off" error={error.at("name")} />
              {error.elsewhere("name") && <p className="error" role="alert">{error.elsewhere("name")}</p>}
              <Button type="submit" look="main" isDisabled={name === undefined}>{m.save}</Button>
            </section>
          </form>
          <Accounts />
          <Invites title={m.invites} />
        </>
      )}
    </div>
  );
}
