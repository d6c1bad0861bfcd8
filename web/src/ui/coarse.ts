const query = matchMedia("(pointer: coarse)");

/** Reports whether the main pointer is a finger. */
export const isCoarse = (): boolean => query.matches;

const touch = matchMedia("(hover: none) and (pointer: coarse)");

/** Reports whether the device has a touch screen alone: no mouse, and most likely no keyboard. */
export const isTouchOnly = (): boolean => touch.matches;
