const query = matchMedia("(pointer: coarse)");

/** Reports whether the main pointer is a finger. */
export const isCoarse = (): boolean => query.matches;
