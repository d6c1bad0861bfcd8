/** A browser as people call it, of the name that it gives itself; another program's name is its own. */
export function deviceOf(client: string): string {
  if (!client.startsWith("Mozilla/")) return client;
  const has = (names: Readonly<Record<string, RegExp>>) => Object.keys(names).find((n) => names[n]!.test(client));
  // Each of them also calls itself by the names of those below.
  const browser = has({ Edge: /\bEdg/, Opera: /\bOPR\//, Firefox: /\b(Firefox|FxiOS)\//, Samsung: /\bSamsungBrowser\//, Chrome: /(Chrome|Chromium|CriOS)\//, Safari: /\bSafari\// });
  const system = has({ Android: /\bAndroid\b/, iPhone: /\biPhone\b/, iPad: /\biPad\b/, Windows: /\bWindows\b/, ChromeOS: /\bCrOS\b/, Mac: /\bMac(intosh| OS X)/, Linux: /\bLinux\b/ });
  return [browser, system].filter(Boolean).join(", ") || client;
}
