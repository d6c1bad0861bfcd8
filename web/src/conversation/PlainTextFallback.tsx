import { Component, type ReactNode } from "react";

interface Props { text: string; children: ReactNode }

/** Whatever goes wrong within one message shows its plain text, and nothing else breaks. */
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
