// Base64 digits in ASCII order, so that ids sort like their bytes; the server's ids use the same.
const digits = "-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz";
let last = 0;

/**
 * Returns an id like the server's: a set bit, 47 bits of milliseconds, 48 random bits, in 16 characters. Ids of one
 * page are strictly increasing, for the outbox sorts by them. Plain http has getRandomValues but not crypto.randomUUID.
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
