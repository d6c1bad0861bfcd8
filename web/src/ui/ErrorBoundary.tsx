import { Component, type ReactNode } from "react";

interface Props { resetKey?: unknown; fallback: ReactNode; children: ReactNode }

/** Renders the fallback after its children threw, until resetKey changes. */
export class ErrorBoundary extends Component<Props, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError = () => ({ failed: true });
  override componentDidUpdate(before: Props) {
    if (this.state.failed && before.resetKey !== this.props.resetKey) this.setState({ failed: false });
  }
  override render() {
    return this.state.failed ? this.props.fallback : this.props.children;
  }
}
