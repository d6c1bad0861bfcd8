const closing = '[role="dialog"], [role="alertdialog"], [role="menu"]';

/** Runs after the menu or dialog that closes now has returned the focus, on a slow device many frames later. */
export function afterFocusReturns(then: () => void): void {
  requestAnimationFrame(function wait() {
    if (document.querySelector(closing)) requestAnimationFrame(wait);
    else requestAnimationFrame(() => requestAnimationFrame(then));
  });
}
