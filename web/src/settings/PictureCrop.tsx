import { type CSSProperties, type KeyboardEvent, type PointerEvent, useEffect, useEffectEvent, useId, useRef } from "react";
import { t } from "../strings/index.ts";
import { isTouchOnly } from "../ui/coarse.ts";
import { type Crop, maxZoom, moved, sideOf, type Size, zoomed } from "./crop.ts";

interface Props {
  url: string;
  size: Size;
  crop: Crop;
  /** The part will be shown with round corners instead of as a disc. */
  group?: boolean;
  onCrop: (change: (c: Crop) => Crop) => void;
}

interface Point { readonly x: number; readonly y: number }
const step = 0.02, zoomStep = 1.1;
const moves: Readonly<Record<string, readonly [number, number]>> = { ArrowLeft: [1, 0], ArrowRight: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** Lets the user choose the square part of a picture: by dragging, with two fingers, the wheel, or keys. */
export function PictureCrop({ url, size, crop, group, onCrop }: Props) {
  const id = useId();
  const stageRef = useRef<HTMLDivElement>(null);
  const pointersRef = useRef(new Map<number, Point>());
  const zoomBy = (factor: number, at?: Point) => onCrop((c) => zoomed(size, c, c.zoom * factor, at?.x, at?.y));

  const wheel = useEffectEvent((e: WheelEvent) => {
    e.preventDefault();
    zoomBy(Math.exp(-e.deltaY / 500), pointIn(stageRef.current!, e));
  });
  useEffect(() => { // React's own listener is passive: the page would scroll
    const stage = stageRef.current!;
    const onWheel = (e: WheelEvent) => wheel(e);
    stage.focus(); // the focused button is gone
    stage.addEventListener("wheel", onWheel, { passive: false });
    return () => stage.removeEventListener("wheel", onWheel);
  }, []);

  function onPointerDown(e: PointerEvent<HTMLDivElement>) {
    e.currentTarget.setPointerCapture(e.pointerId);
    pointersRef.current.set(e.pointerId, pointIn(e.currentTarget, e));
  }
  function onPointerMove(e: PointerEvent<HTMLDivElement>) {
    const pointers = pointersRef.current;
    const was = pointers.get(e.pointerId);
    if (!was) return;
    const now = pointIn(e.currentTarget, e);
    const other = [...pointers].find(([id]) => id !== e.pointerId)?.[1];
    pointers.set(e.pointerId, now);
    if (!other) return onCrop((c) => moved(size, c, was.x - now.x, was.y - now.y));
    const before = between(was, other), after = between(now, other);
    const factor = distance(now, other) / Math.max(0.01, distance(was, other));
    onCrop((c) => zoomed(size, moved(size, c, before.x - after.x, before.y - after.y), c.zoom * factor, after.x, after.y));
  }
  const onPointerEnd = (e: PointerEvent) => void pointersRef.current.delete(e.pointerId);
  function onKeyDown(e: KeyboardEvent) {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const move = moves[e.key];
    const far = e.shiftKey ? 5 * step : step;
    if (move) onCrop((c) => moved(size, c, move[0] * far, move[1] * far));
    else if (e.key === "+" || e.key === "=") zoomBy(zoomStep);
    else if (e.key === "-" || e.key === "−") zoomBy(1 / zoomStep);
    else return;
    e.preventDefault();
  }

  const side = sideOf(size, crop);
  const percent = (pixels: number) => `${(pixels / side) * 100}%`;
  const style: CSSProperties = { width: percent(size.width), height: percent(size.height), left: percent(side / 2 - crop.x), top: percent(side / 2 - crop.y) };
  return (
    <>
      <div ref={stageRef} className={group ? "crop-stage group" : "crop-stage"} role="application" aria-label={t.picture.crop} aria-describedby={id} tabIndex={0}
        onPointerDown={onPointerDown} onPointerMove={onPointerMove} onPointerUp={onPointerEnd} onPointerCancel={onPointerEnd} onKeyDown={onKeyDown}>
        <img src={url} alt="" style={style} draggable={false} />
      </div>
      <p id={id} className="hint">{t.picture.cropHint}{!isTouchOnly() && ` ${t.picture.cropKeys}`}</p>
      <label className="crop-zoom">{t.picture.zoom}
        <input type="range" min={1} max={maxZoom(size)} step={0.01} value={crop.zoom} disabled={maxZoom(size) === 1} onChange={(e) => onCrop((c) => zoomed(size, c, Number(e.target.value)))} />
      </label>
    </>
  );
}

/** Returns where the pointer is, in parts of the element's size. */
function pointIn(e: Element, { clientX, clientY }: { clientX: number; clientY: number }): Point {
  const box = e.getBoundingClientRect();
  return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
}

const distance = (a: Point, b: Point) => Math.hypot(a.x - b.x, a.y - b.y);
const between = (a: Point, b: Point): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
