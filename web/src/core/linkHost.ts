// Tells where a link leads whose text looks like another address.
import type { Inline } from "./markdownTree.ts";

/** Returns the host of href (the address of a mailto) if the label looks like an address at another host, or if href has a user name before its host. */
export function differingHost(href: string, label: readonly Inline[]): string | undefined {
  const url = parsed(href);
  if (!url) return undefined;
  const mail = url.protocol === "mailto:";
  const target = mail ? decoded(url.pathname.split(",")[0]!) : url.host;
  const host = bare(mail ? target.slice(target.lastIndexOf("@") + 1) : url.hostname);
  const others = hostsIn(textOf(label)).some((h) => h !== host);
  return url.username || others ? target : undefined;
}

const textOf = (all: readonly Inline[]): string => all.map((x) => ("children" in x ? textOf(x.children) : x.text)).join("");

/** Returns the hosts that a text names: those of its URLs, and what looks like a domain. */
function hostsIn(text: string): string[] {
  const hosts: string[] = [];
  for (const word of text.replace(/\p{Cf}/gu, "").split(/\s+/)) {
    const url = /^[^\p{L}]*((?:https?:\/\/|www\.).*)$/iu.exec(word)?.[1];
    const parts = url ? [] : word.split(/[/?#:]/, 1)[0]!.split(/[^\p{L}\p{N}.。．｡-]+/u);
    const host = url && parsed(/^w/i.test(url) ? "http://" + url : url)?.hostname;
    if (host) hosts.push(bare(host));
    for (const part of parts) {
      if (!/.[.。．｡]/u.test(part) || (/^[\d.]+$/.test(part) && !/^(?:\d+\.){3}\d+\.?$/.test(part))) continue; // 3.5 would be 3.0.0.5
      const name = parsed("http://" + part.replace(/^[.。．｡-]+|[.。．｡-]+$/gu, ""))?.hostname ?? "";
      if (/\.(?:[a-z]{2,}|xn--[a-z0-9-]+|\d+)$/.test(name)) hosts.push(bare(name));
    }
  }
  return hosts;
}

const bare = (host: string): string => host.toLowerCase().replace(/^www\.|\.$/g, "");

function parsed(s: string): URL | undefined {
  try {
    return new URL(s);
  } catch {
    return undefined;
  }
}

function decoded(s: string): string {
  try {
    return decodeURIComponent(s);
  } catch {
    return s;
  }
}
