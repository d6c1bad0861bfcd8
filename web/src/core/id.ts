// base64 in ASCII order, so that ids sort as their bytes do: what the server's own ids are made of.
const digits = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
let last = 0;

/**
 * Makes an id as the server does: a set bit, 47 bits of milliseconds, 48 random bits, in 16 characters. Ids of one
 * page rise strictly, for the outbox sorts by them. crypto.randomUUID is not there on plain http; getRandomValues is.
 */
export function newId(now = Date.now()): string {
  last = Math.max(now, last + 1);
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  for (let i = 5, ms = last; i >= 0; i--, ms = Math.floor(ms / 256)) bytes[i] = ms % 256;
  bytes[0]! |= 0x80;
  let id = "";
  for (let i = 0; i < 12; i += 3) {
    const three = bytes[i]! << 16 | bytes[i + 1]! << 8 | bytes[i + 2]!;
    for (const shift of [18, 12, 6, 0]) id += digits[three >> shift & 63];
  }
  return id;
}
