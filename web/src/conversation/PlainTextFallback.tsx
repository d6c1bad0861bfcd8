import { Component, type ReactNode } from "react";

interface Props { text: string; children: ReactNode }

/** An error boundary for one message: shows its plain text if rendering it throws. */
export class PlainTextFallback extends Component<Props, { failed: boolean }> {
  override state = { failed: false };
  static getDerivedStateFromError = () => ({ failed: true });
  override componentDidUpdate(before: Props) {
    if (this.state.failed && before.text !== this.props.text) this.setState({ failed: false });
  }
  override render() {
    return this.state.failed ? <p>{this.props.text}</p> : this.props.children;
  }
}
