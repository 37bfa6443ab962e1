import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { START_MS, within } from "../../e2e/lib/deadline.mjs";
import { ROOT } from "../../e2e/lib/server.mjs";

const FMZ = process.env.E2E_FMZ ?? join(ROOT, "target/debug/fmz");
const { LAB, LAB_AUTHORITY, LAB_FOLDER, LAB_ROW, LAB_SERVER, LAB_SERVER6 } = process.env;
const STREAM = ["--size", "1280x720", "--frames", "48", "--bitrate", "4000"];

const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/**
 * One fmz in the server's namespace: page, signaling, forwarding unit, relay, and a stream in the
 * room `demo`.
 */
export class LabServer {
  #child;
  #log = [];

  /** Starts the server; `host` is the name by which clients reach it. */
  static async start(host) {
    const server = new LabServer(host);
    await server.#start();
    return server;
  }

  constructor(host) {
    this.origin = `https://${host}`;
    this.data = join(LAB_FOLDER, LAB_ROW);
  }

  get log() {
    return this.#log.join("\n");
  }

  /** Makes a link into the demo room for a person. */
  async link(name, { grants = "view,annotate", query = "" } = {}) {
    return `${this.origin}/r/demo${query}#token=${await this.token("--grants", grants, "--name", name)}`;
  }

  /** Runs `fmz token` for the demo room and returns the token. */
  async token(...options) {
    const command = ["token", "--data-dir", this.data, "--room", "demo", ...options];
    const { stdout } = await promisify(execFile)(FMZ, command, { cwd: LAB_FOLDER });
    const token = stdout.match(/[\w-]+\.[\w-]+\.[\w-]+/)?.[0];
    if (!token) throw new Error(`fmz token printed no token: ${stdout}`);
    return token;
  }

  async stop() {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await within("fmz ends", ended);
  }

  async #start() {
    const command = ["netns", "exec", `${LAB}-srv`, FMZ, "demo", ...STREAM, ...this.#settings()];
    // The demo's own stream joins by the public address, and trusts the system's certificates.
    const env = { ...process.env, SSL_CERT_FILE: LAB_AUTHORITY };
    const child = spawn("ip", command, { cwd: LAB_FOLDER, env, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    running.add(child);
    child.once("exit", () => running.delete(child));
    const keep = (line) => this.#log.push(line);
    createInterface(child.stderr).on("line", keep);
    const lines = createInterface(child.stdout).on("line", keep);
    const ready = new Promise((resolve, reject) => {
      lines.on("line", (line) => line.includes(this.origin) && resolve());
      child.once("exit", (code) => reject(new Error(`fmz ended (${code}):\n${this.log}`)));
    });
    await within("fmz prints its address", ready, START_MS);
  }

  /**
   * Returns the settings: one address and port for the page and for relaying over TLS and TCP, as
   * behind a firewall that opens nothing else.
   */
  #settings() {
    return [
      ...["--data-dir", this.data],
      ...["--listen", "[::]:443", "--public-url", this.origin],
      ...["--tls-certificate", join(LAB_FOLDER, "server.pem"), "--tls-key", join(LAB_FOLDER, "server.key")],
      ...["--admin-listen", "127.0.0.1:7881", "--turn-listen", "[::]:3478"],
      ...["--media-listen", "[::]:7882", "--public-addresses", `${LAB_SERVER},${LAB_SERVER6}`],
    ];
  }
}
