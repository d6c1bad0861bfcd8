// A Parley process for one test, with a new store.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const binary = process.env.PARLEY_BIN;
if (!binary) throw new Error("PARLEY_BIN must name the parley binary");

export class Parley {
  #folder = "";
  #process;
  #listen = "127.0.0.1:0";
  /** Further flags of the server; the last of equal ones counts. */
  flags;
  url = "";
  setup = ""; // the owner's link

  constructor(flags = []) {
    this.flags = flags;
  }

  /** Resolves once the server has logged its address; later starts use the same port. */
  async start() {
    this.#folder ||= await mkdtemp(join(tmpdir(), "parley-page-"));
    const child = spawn(binary, ["--listen", this.#listen, "--store", `sqlite:${join(this.#folder, "parley.db")}`,
      "--limit-posts", "off", "--limit-user", "off", "--limit-anonymous", "off", ...this.flags], { stdio: ["ignore", "pipe", "pipe"] });
    this.#process = child;
    let said = "";
    await new Promise((ok, fail) => {
      const late = setTimeout(() => fail(new Error(`no url within 20 s:\n${said}`)), 20000);
      const hear = (chunk) => {
        said += chunk;
        this.url = /\burl=(\S+)/.exec(said)?.[1] ?? "";
        this.setup ||= /^(\S+#setup=\S+)$/m.exec(said)?.[1] ?? "";
        if (!this.url || !this.setup) return;
        clearTimeout(late);
        ok();
      };
      child.stdout.setEncoding("utf8").on("data", hear);
      child.stderr.setEncoding("utf8").on("data", hear);
      child.once("exit", (code) => {
        clearTimeout(late);
        fail(new Error(`parley ended with ${code}:\n${said}`));
      });
    });
    this.#listen = new URL(this.url).host;
  }

  /** @param {"SIGKILL" | "SIGTERM"} signal */
  async stop(signal) {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((ok) => child.once("exit", ok));
    child.kill(signal);
    await ended;
  }

  async remove() {
    await this.stop("SIGTERM");
    if (this.#folder) await rm(this.#folder, { recursive: true, force: true });
  }
}
