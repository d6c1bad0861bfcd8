import { type ReactNode, useEffect } from "react";
import "./auth.css";

/** The card around the forms of the auth pages. */
export function AuthFrame({ title, why, children }: { title: string; why?: string; children: ReactNode }) {
  useEffect(() => void (document.title = title), [title]);
  return (
    <main className="auth">
      <div>
        <img className="auth-logo" src="/icon.svg" width="40" height="40" alt="" />
        <h1>{title}</h1>
        {why && <p>{why}</p>}
        {children}
      </div>
    </main>
  );
}
