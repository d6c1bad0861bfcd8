// Calls to the HTTP API. The session cookie is the identity.

/** What went wrong, as the server says it, or no_answer when nothing came back. */
export class Failure extends Error {
  /** @param {{code: string, message: string, field?: string, retryAfterMs?: number}} e */
  constructor(e) {
    super(sentence(e.message));
    this.code = e.code;
    this.field = e.field;
    this.retryAfterMs = e.retryAfterMs;
  }

  /** Whether the same command may be sent again; after any other answer it never is. */
  get again() {
    return ["no_answer", "rate_limited", "internal", "unavailable"].includes(this.code);
  }
}

/** @param {string} s */
const sentence = (s) => s.charAt(0).toUpperCase() + s.slice(1) + (/[.!?]$/.test(s) ? "" : ".");

/**
 * @param {string} method
 * @param {string} path below /api
 * @param {object} [body]
 * @returns {Promise<any>} the answer, or null for one without content
 * @throws {Failure}
 */
export async function call(method, path, body) {
  let answer;
  try {
    answer = await fetch("/api" + path, {
      method,
      headers: { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) },
      body: body && JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch {
    throw new Failure({ code: "no_answer", message: "The server cannot be reached. Please try again." });
  }
  if (answer.status === 204) return null;
  let value = null;
  try {
    value = await answer.json();
  } catch {
    // Something between us and the server answered in its stead.
  }
  if (!answer.ok || !value) {
    throw new Failure(value?.error ?? { code: "internal", message: `The server answered ${answer.status}.` });
  }
  return value;
}

/** A random clientId. crypto.randomUUID is absent on plain http, getRandomValues is not. */
export function newId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}
