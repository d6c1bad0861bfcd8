/** Returns the hue of an id, 0 to 359 degrees: the same in every browser. */
export function hueOf(id: string): number {
  let hash = 0x811c9dc5; // FNV-1a, mixed at the end, because ids of one day differ in few characters
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash >>> 8) % 360;
}
