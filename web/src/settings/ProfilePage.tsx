import { useEffect, useState } from "react";
import { navigate, paths } from "../app/route.ts";
import { useCore, useSnapshot } from "../app/useCore.ts";
import type { User } from "../core/wire.ts";
import { NotificationSetting } from "../notifications/NotificationSetting.tsx";
import { PushSetting } from "../notifications/PushSetting.tsx";
import { t } from "../strings/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Button } from "../ui/Button.tsx";
import { Icon } from "../ui/Icon.tsx";
import { Field } from "../ui/Field.tsx";
import { setTheme, theme, themes } from "../ui/theme.ts";
import { toast } from "../ui/Toast.tsx";
import { Devices } from "./Devices.tsx";
import { Invites } from "./Invites.tsx";
import { NotificationRules } from "./NotificationRules.tsx";
import PictureDialog from "./PictureDialog.tsx";
import { SignOut } from "./SignOut.tsx";
import { useFormError } from "./useFormError.ts";

const m = t.settings;

export function ProfilePage() {
  const user = useSnapshot((s) => s.state.me);
  const [leaving, setLeaving] = useState(false);
  useEffect(() => void (document.title = m.title), []);
  return (
    <div className="settings-page">
      <header>
        <Button look="plain icon" aria-label={m.back} onPress={() => navigate(paths.home)}><Icon name="back" /></Button>
        <h1>{m.title}</h1>
        <Button onPress={() => setLeaving(true)}>{t.sidebar.signOut}</Button>
      </header>
      {user && <Profile key={user.id} user={user} />}
      <ThemeSetting />
      <NotificationRules />
      <NotificationSetting />
      <PushSetting />
      {user && <Password handle={user.handle} />}
      {user && <Devices handle={user.handle} />}
      {user && <Invites title={m.yourInvites} which={(i) => i.by === user.id} />}
      {leaving && <SignOut onClose={() => setLeaving(false)} />}
    </div>
  );
}

function Profile({ user }: { user: User }) {
  const core = useCore();
  const [name, setName] = useState(user.name);
  const [status, setStatus] = useState(user.status);
  const [picturing, setPicturing] = useState(false);
  const error = useFormError();
  return (
    <form onSubmit={(e) => {
      e.preventDefault();
      error.clear();
      core.api.changeMe({ name: name.trim(), status: status.trim() }).then(() => toast(m.saved), error.set);
    }}>
      <section aria-label={m.profile}>
        <div className="row profile-picture"><Avatar user={user} size="large" /><Button onPress={() => setPicturing(true)}>{t.picture.change}</Button></div>
        {picturing && <PictureDialog title={t.picture.mine} owner={user} onSave={core.api.putMyPicture} onRemove={core.api.removeMyPicture} onClose={() => setPicturing(false)} />}
        <p className="hint">{m.handle(user.handle)}</p>
        <Field label={m.name} value={name} onChange={setName} autoComplete="name" error={error.at("name")} />
        <Field label={m.status} hint={m.statusHint} value={status} onChange={setStatus} autoComplete="off" error={error.at("status")} />
        {error.elsewhere("name", "status") && <p className="error" role="alert">{error.elsewhere("name", "status")}</p>}
        <Button type="submit" look="main">{m.save}</Button>
      </section>
    </form>
  );
}

function ThemeSetting() {
  const [now, setNow] = useState(theme);
  return (
    <section aria-labelledby="appearance">
      <h2 id="appearance">{m.appearance}</h2>
      <div className="theme-choices">
        {themes.map((x) => <label key={x}><input type="radio" name="theme" checked={now === x} onChange={() => { setTheme(x); setNow(x); }} />{m.themes[x]}</label>)}
      </div>
    </section>
  );
}

function Password({ handle }: { handle: string }) {
  const core = useCore();
  const [currentPassword, setCurrent] = useState("");
  const [password, setFresh] = useState("");
  const error = useFormError();
  return (
    <form onSubmit={(e) => {
      e.preventDefault();
      error.clear();
      core.api.changeMe({ currentPassword, password }).then(() => {
        setCurrent("");
        setFresh("");
        toast(m.passwordChanged);
      }, error.set);
    }}>
      <section aria-labelledby="password">
        <h2 id="password">{m.password}</h2>
        {/* Tells password managers whose password it is; they ignore hidden fields. */}
        <input className="sr" name="username" autoComplete="username" value={handle} readOnly tabIndex={-1} aria-hidden="true" />
        <Field label={m.currentPassword} type="password" value={currentPassword} onChange={setCurrent} autoComplete="current-password" error={error.at("currentPassword")} />
        <Field label={m.newPassword} hint={m.newPasswordHint} type="password" value={password} onChange={setFresh} autoComplete="new-password" error={error.at("password")} />
        {error.elsewhere("currentPassword", "password") && <p className="error" role="alert">{error.elsewhere("currentPassword", "password")}</p>}
        <Button type="submit" isDisabled={!currentPassword || !password}>{m.changePassword}</Button>
      </section>
    </form>
  );
}
