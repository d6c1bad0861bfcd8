import { expect, test, vi } from "vitest";
import { Api } from "./api.ts";

/** Returns an API whose calls all get this response, and the requests. */
function answering(status: number, body: string) {
  const asked: [string, RequestInit][] = [];
  const api = new Api((url, init) => {
    asked.push([url as string, init!]);
    return Promise.resolve(new Response(status === 204 ? null : body, { status }));
  });
  return { api, asked };
}

test("requests are JSON with the cookie, and no code is in the path", async () => {
  const { api, asked } = answering(200, `{"server": "S", "valid": true}`);
  expect(await api.peek("secret")).toEqual({ server: "S", valid: true });
  const [url, init] = asked[0]!;
  expect([url, init.method, init.body, init.credentials]).toEqual(["/api/invites/peek", "POST", `{"code":"secret"}`, "same-origin"]);
  expect(init.headers).toMatchObject({ "Content-Type": "application/json" });
  await api.history("c", { around: 7, limit: undefined });
  await api.users({ q: "a&b ü" });
  expect(asked.slice(1).map(([url]) => url)).toEqual(["/api/chats/c/messages?around=7", "/api/users?q=a%26b+%C3%BC"]);
});

test("a 204 has no body", async () => {
  const { api, asked } = answering(204, "");
  expect(await api.signOut()).toBeUndefined();
  expect(asked[0]![1].body).toBeUndefined();
});

test("an error has its code, field and retryAfterMs", async () => {
  const { api } = answering(429, `{"error": {"code": "rate_limited", "message": "slow down", "retryAfterMs": 300, "requestId": "r1"}}`);
  await expect(api.me()).rejects.toMatchObject({ code: "rate_limited", message: "slow down", retryAfterMs: 300, requestId: "r1", retryable: true });
  await expect(answering(409, `{"error": {"code": "handle_taken", "message": "taken", "field": "handle"}}`).api.signUp({ handle: "a", name: "A", password: "x" }))
    .rejects.toMatchObject({ code: "handle_taken", field: "handle", retryable: false });
});

test("a response that is not Parley's is no_answer", async () => {
  for (const { api } of [answering(502, "<html>bad gateway"), answering(502, `{"oops": 1}`), answering(200, "<html>sign in to the hotel"), answering(500, "null")]) {
    await expect(api.me()).rejects.toMatchObject({ code: "no_answer", retryable: true });
  }
  await expect(new Api(() => Promise.reject(new TypeError("offline"))).me()).rejects.toMatchObject({ code: "no_answer" });
});

test("a slow response that keeps coming has no timeout; one that stops has", async () => {
  vi.useFakeTimers();
  const slow = (pieces: number, ends: boolean) => new Api((_, init) => {
    let n = 0;
    return Promise.resolve(new Response(new ReadableStream({
      start: (out) => init!.signal!.addEventListener("abort", () => out.error(new DOMException("aborted", "AbortError"))),
      pull: (out) => new Promise((ok) => setTimeout(() => {
        if (n++ < pieces) out.enqueue(new TextEncoder().encode(n === 1 ? `{"user": {"name": "A` : "a"));
        else if (ends) {
          out.enqueue(new TextEncoder().encode(`"}}`));
          out.close();
        } else return;
        ok();
      }, 20_000)),
    })));
  });
  try {
    const whole = slow(10, true).me();
    await vi.advanceTimersByTimeAsync(300_000);
    expect((await whole).user.name).toBe("Aaaaaaaaaa");
    const cut = expect(slow(3, false).me()).rejects.toMatchObject({ code: "no_answer" });
    await vi.advanceTimersByTimeAsync(300_000);
    await cut;
  } finally {
    vi.useRealTimers();
  }
});
