// Wires one Core to one page.
import "./ui/tokens.css"; // first, so that the style sheets of views override it
import "./ui/base.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/App.tsx";
import { navigate } from "./app/route.ts";
import { CoreContext } from "./app/useCore.ts";
import { Core } from "./core/core.ts";
import { ignoreCompositionKeys } from "./ui/compositionKeys.ts";
import { tolerateTranslation } from "./ui/translatedPage.ts";
import { measureScrollbar, show, theme } from "./ui/theme.ts";

show(theme());
ignoreCompositionKeys();
measureScrollbar();
tolerateTranslation();
const core = new Core();
void core.start();
const wake = () => document.visibilityState === "visible" && core.wake();
addEventListener("online", wake);
addEventListener("offline", wake); // a dead connection reports nothing by itself
// A page in the back/forward cache misses a sign-out: it is hidden, and reloaded when it comes back.
addEventListener("pageshow", (e) => (e.persisted ? location.reload() : wake()));
addEventListener("pagehide", (e) => (e.persisted ? (document.documentElement.hidden = true) : core.close()));
const warn = (e: Event) => e.preventDefault();
core.store.subscribe(() => (core.store.published.unsavedText ? addEventListener : removeEventListener)("beforeunload", warn));
document.addEventListener("visibilitychange", wake);

// A notification was clicked.
navigator.serviceWorker?.addEventListener("message", (e: MessageEvent<{ open?: unknown } | null>) => typeof e.data?.open === "string" && navigate(e.data.open));

createRoot(document.getElementById("app")!).render(
  <StrictMode>
    <CoreContext value={core}>
      <App />
    </CoreContext>
  </StrictMode>,
);
