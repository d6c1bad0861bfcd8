import { expect, test } from "vitest";
import { differingHost } from "./linkHost.ts";
import { parse } from "./markdown.ts";

/** Returns what is shown beside the link that is the whole text. */
function shown(text: string): string | undefined {
  const p = parse(text)[0];
  const link = p?.type === "paragraph" && p.children.length === 1 ? p.children[0] : undefined;
  if (link?.type !== "link") throw new Error("no link: " + text);
  return differingHost(link.href, link.children);
}

test.each([
  ["[https://bank.example](https://evil.example)", "evil.example"],
  ["[https://bank.example/login](https://evil.example/bank.example)", "evil.example"],
  ["[http://bank.example:8080](http://evil.example:8080/)", "evil.example:8080"],
  ["[bank.example](https://evil.example)", "evil.example"],
  ["[BANK.EXAMPLE/login](https://evil.example)", "evil.example"],
  ["[www.bank.example](https://evil.example)", "evil.example"],
  ["[see bank.example, now](https://evil.example)", "evil.example"],
  ["[(https://bank.example)](https://evil.example)", "evil.example"],
  ["[**bank**.example](https://evil.example)", "evil.example"],
  ["[`bank.example`](https://evil.example)", "evil.example"],
  ["[bank\u200b.example](https://evil.example)", "evil.example"],
  ["[\u202ehttps://bank.example](https://evil.example)", "evil.example"],
  ["[bank。example](https://evil.example)", "evil.example"],
  ["[bank.example∕login](https://evil.example)", "evil.example"],
  ["[bank.example](https://bank.example.evil.example)", "bank.example.evil.example"],
  ["[bank.example](https://bank.example@evil.example/)", "evil.example"],
  ["https://bank.example@evil.example/", "evil.example"],
  ["[click](https://user:pass@evil.example/)", "evil.example"],
  ["[192.0.2.1](http://192.0.2.2/)", "192.0.2.2"],
  ["[bücher.example](https://evil.example)", "evil.example"],
  ["[bank.example](https://bаnk.example)", "xn--bnk-6cd.example"], // a Cyrillic а
  ["[help@bank.example](mailto:x@evil.example)", "x@evil.example"],
  ["[help@bank.example](https://evil.example)", "evil.example"],
  ["[https://bank.example](mailto:x@evil.example)", "x@evil.example"],
])("%s shows where it leads", (text, host) => expect(shown(text)).toBe(host));

test.each([
  "https://bank.example", "https://bank.example/readme.md?u=evil.example", "<https://bank.example>", "www.bank.example", "help@bank.example",
  "[https://bank.example](https://bank.example/login)", "[bank.example](https://www.bank.example)", "[www.bank.example](https://bank.example)",
  "[BANK.example](https://bank.EXAMPLE/)", "[our bank](https://evil.example)", "[e.g. this](https://evil.example)", "[v1.2.3](https://evil.example)",
  "[it is 3.5](https://evil.example)", "[wait...](https://evil.example)", "[a/b](https://evil.example)", "[bücher.example](https://xn--bcher-kva.example/)",
  "[https://bank.example](https://bank.example:8443/)", "[help@bank.example](mailto:help@bank.example?subject=x)", "[the end.](https://evil.example)",
])("%s needs nothing beside it", (text) => expect(shown(text)).toBe(undefined));

test("long labels take linear time", () => {
  for (const label of ["a".repeat(16000), "a.".repeat(8000), "a.b ".repeat(4000), "https://".repeat(2000), "-".repeat(16000)]) {
    const began = performance.now();
    differingHost("https://evil.example", [{ type: "text", text: label }]);
    expect(performance.now() - began).toBeLessThan(500);
  }
});
