import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { within } from "./deadline.mjs";
import { ROOT } from "./server.mjs";

const LOAD = process.env.E2E_LOAD ?? join(ROOT, "target/debug/fmz-load");

/** Running links. None outlives the tests. */
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * A bad network in front of a server: `fmz-load link`, which delays and loses datagrams in both
 * directions.
 */
export class Link {
  #child;
  #said = new Map();

  /**
   * Opens a link to the server's address for media. `loss` is in percent, `delayMs` the delay of
   * each direction.
   */
  static async open(to, { loss, delayMs, seed }) {
    const link = new Link();
    await link.#start(["--to", to, "--loss", String(loss), "--delay", String(delayMs), "--seed", String(seed)]);
    return link;
  }

  /** Returns the address to which a page sends its datagrams instead, `ip:port`. */
  get address() {
    return this.#said.get("link");
  }

  /** Ends the link; returns the numbers of carried and of lost datagrams, in both directions. */
  async close() {
    const ended = once(this.#child, "close");
    this.#child.kill("SIGINT");
    await within("the link ends", ended);
    running.delete(this.#child);
    const count = (name) => Number(this.#said.get(name));
    const way = (name) => ({ carried: count(`${name}_carried`), lost: count(`${name}_lost`) });
    return { up: way("up"), down: way("down") };
  }

  async #start(options) {
    const child = spawn(LOAD, ["link", ...options], { stdio: ["ignore", "pipe", "inherit"] });
    this.#child = child;
    running.add(child);
    const address = new Promise((resolve, reject) => {
      createInterface(child.stdout).on("line", (line) => {
        const [name, value] = line.split(" ");
        this.#said.set(name, value);
        if (name === "link") resolve();
      });
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`fmz-load link ended (${code})`)));
    });
    await within("the link says where it is", address);
  }
}
