/** Returns the common name of the browser and system in a User-Agent; other programs' names unchanged. */
export function deviceOf(client: string): string {
  if (!client.startsWith("Mozilla/")) return client;
  const has = (names: Readonly<Record<string, RegExp>>) => Object.keys(names).find((n) => names[n]!.test(client));
  // The order matters: each browser's User-Agent also contains the names below it.
  const browser = has({ Edge: /\bEdg/, Opera: /\bOPR\//, Firefox: /\b(Firefox|FxiOS)\//, Samsung: /\bSamsungBrowser\//, Chrome: /(Chrome|Chromium|CriOS)\//, Safari: /\bSafari\// });
  const system = has({ Android: /\bAndroid\b/, iPhone: /\biPhone\b/, iPad: /\biPad\b/, Windows: /\bWindows\b/, ChromeOS: /\bCrOS\b/, Mac: /\bMac(intosh| OS X)/, Linux: /\bLinux\b/ });
  return [browser, system].filter(Boolean).join(", ") || client;
}
