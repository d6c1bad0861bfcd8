import { Component, type ReactNode } from "react";
import { t } from "../strings/index.ts";

/** Shows an error with a reload button in place of a page that failed to render. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError = () => ({ failed: true });
  override render() {
    if (!this.state.failed) return this.props.children;
    return <main className="whole stack"><h1>{t.app.name}</h1><p role="alert">{t.app.crashed}</p><p><button type="button" className="button main" onClick={() => location.reload()}>{t.app.reload}</button></p></main>;
  }
}
