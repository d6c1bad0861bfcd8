// The square part of a picture that is chosen: where it is, and how it is moved and zoomed.

export interface Size { readonly width: number; readonly height: number }
/** The middle of the square, in pixels of the picture; zoom 1 is the largest square. */
export interface Crop { readonly x: number; readonly y: number; readonly zoom: number }

const savedSize = 512; // pixels, as the server keeps it
const smallest = 64; // pixels of the picture that a square has at least

export const middle = ({ width, height }: Size): Crop => ({ x: width / 2, y: height / 2, zoom: 1 });

/** Returns the side of the square in pixels of the picture. */
export const sideOf = ({ width, height }: Size, { zoom }: Crop): number => Math.min(width, height) / zoom;

export const maxZoom = ({ width, height }: Size): number => Math.min(8, Math.max(1, Math.min(width, height) / smallest));

/** Moves the square; dx and dy are parts of its side. It stays inside the picture. */
export function moved(size: Size, c: Crop, dx: number, dy: number): Crop {
  const side = sideOf(size, c);
  return inside(size, { ...c, x: c.x + dx * side, y: c.y + dy * side });
}

/** Zooms; the point of the square at (x, y), in parts of its side, stays where it is. */
export function zoomed(size: Size, c: Crop, zoom: number, x = 0.5, y = 0.5): Crop {
  const now = { ...c, zoom: Math.min(maxZoom(size), Math.max(1, zoom)) };
  const smaller = sideOf(size, c) - sideOf(size, now);
  return inside(size, { ...now, x: c.x + (x - 0.5) * smaller, y: c.y + (y - 0.5) * smaller });
}

function inside(size: Size, c: Crop): Crop {
  const half = sideOf(size, c) / 2;
  const within = (at: number, length: number) => Math.min(length - half, Math.max(half, at));
  return { ...c, x: within(c.x, size.width), y: within(c.y, size.height) };
}

/** Returns the square as a JPEG picture, on white where the picture is transparent. */
export async function cropped(image: HTMLImageElement, c: Crop): Promise<Blob> {
  const side = sideOf({ width: image.naturalWidth, height: image.naturalHeight }, c);
  const pixels = Math.min(savedSize, Math.max(1, Math.round(side)));
  const canvas = Object.assign(document.createElement("canvas"), { width: pixels, height: pixels });
  const draw = canvas.getContext("2d")!;
  draw.fillStyle = "white";
  draw.fillRect(0, 0, pixels, pixels);
  draw.imageSmoothingQuality = "high";
  draw.drawImage(image, c.x - side / 2, c.y - side / 2, side, side, 0, 0, pixels, pixels);
  return new Promise((ok, fail) => canvas.toBlob((b) => (b ? ok(b) : fail(new Error("no memory"))), "image/jpeg", 0.9));
}
