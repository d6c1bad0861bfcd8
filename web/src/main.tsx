// Wiring only: one core, one page.
import "./ui/tokens.css"; // first, so that views go before what all share
import "./ui/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { navigate } from "./app/route.ts";
import { CoreContext } from "./app/useCore.ts";
import { Core } from "./core/core.ts";
import { show, theme } from "./ui/theme.ts";

show(theme());
const core = new Core();
void core.start();
const wake = () => document.visibilityState === "visible" && core.wake();
addEventListener("online", wake);
addEventListener("offline", wake); // a line that is dead says nothing
// A page that rests in the browser's cache hears of nobody's sign-out: it shows nothing, and begins anew when it comes back.
addEventListener("pageshow", (e) => (e.persisted ? location.reload() : wake()));
addEventListener("pagehide", (e) => (e.persisted ? (document.documentElement.hidden = true) : core.close()));
const warn = (e: Event) => e.preventDefault();
core.subscribe(() => (core.published.unsavedText ? addEventListener : removeEventListener)("beforeunload", warn));
document.addEventListener("visibilitychange", wake);

// A notice was pressed.
navigator.serviceWorker?.addEventListener("message", (e: MessageEvent<{ open?: unknown } | null>) => typeof e.data?.open === "string" && navigate(e.data.open));

createRoot(document.getElementById("app")!).render(
  <StrictMode>
    <CoreContext value={core}>
      <App />
    </CoreContext>
  </StrictMode>,
);
