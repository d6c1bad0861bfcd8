/** Runs after a closing menu or dialog has returned the focus. */
export const afterFocusReturns = (then: () => void): void => void requestAnimationFrame(() => requestAnimationFrame(then));
