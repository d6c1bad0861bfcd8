import { encode } from "uqr";
import { t } from "../strings/index.ts";

/** Black on white in both themes, because cameras need that. */
export default function QRCode({ text }: { text: string }) {
  const { data, size } = encode(text, { border: 2 });
  const path = data.map((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : "")).join("")).join("");
  return <div className="qr-code"><svg viewBox={`0 0 ${size} ${size}`} role="img" aria-label={t.settings.qr} shapeRendering="crispEdges"><path d={path} fill="#000" /></svg></div>;
}
