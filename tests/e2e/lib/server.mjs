import { execFile, spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { START_MS, within } from "./deadline.mjs";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const FMZ = process.env.E2E_FMZ ?? join(ROOT, "target/debug/fmz");

/** Running servers. None outlives the tests, not even failed ones. */
const running = new Set();
process.on("exit", () => running.forEach((child) => child.kill("SIGKILL")));

/** A real fmz process on loopback ports, with a data folder of its own. */
export class Server {
  #process;
  #log = [];

  constructor(command, options, folder, ports) {
    Object.assign(this, { command, options, folder, ports });
  }

  /** Starts `fmz demo`, whose stream has the given options (`--size 1280x720` ...). */
  static async demo(...options) {
    return Server.#create("demo", options);
  }

  /**
   * Starts `fmz serve` with a room `demo` without a stream, made as an operator's program makes it.
   */
  static async serve(...options) {
    const server = await Server.#create("serve", options);
    await server.#makeRoom("demo");
    return server;
  }

  static async #create(command, options) {
    const folder = await mkdtemp(join(tmpdir(), "fmz-e2e-"));
    const mediaAt = options.includes("--media-listen") ? [] : ["--media-listen", `127.0.0.1:${await freeUdpPort()}`];
    const ports = { http: await freePort(), admin: await freePort() };
    const server = new Server(command, [...mediaAt, ...options], folder, ports);
    await server.start();
    return server;
  }

  get origin() {
    return `http://127.0.0.1:${this.ports.http}`;
  }

  get admin() {
    return `http://127.0.0.1:${this.ports.admin}`;
  }

  /** Returns the address for datagrams, `ip:port`. */
  get media() {
    return this.options[this.options.indexOf("--media-listen") + 1];
  }

  /** Returns the process's log, for a failed test. */
  get log() {
    return this.#log.join("\n");
  }

  /** Starts the process, also again after a kill; resolves once it has printed its address. */
  async start() {
    const child = spawn(FMZ, [this.command, ...this.#settings(), ...this.options], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#process = child;
    running.add(child);
    child.once("exit", () => running.delete(child));
    const keep = (line) => this.#log.push(line);
    createInterface(child.stderr).on("line", keep);
    const lines = createInterface(child.stdout).on("line", keep);
    const address = new Promise((resolve, reject) => {
      lines.on("line", (line) => line.includes(this.origin) && resolve());
      child.once("exit", (code) => reject(new Error(`fmz ended (${code}):\n${this.log}`)));
      child.once("error", reject);
    });
    await within(`fmz ${this.command} prints its address`, address, START_MS);
  }

  /** Ends the process without warning, as a power cut does. */
  async kill() {
    await this.#end("SIGKILL");
  }

  /** Ends the process in order and removes its folder. Returns the exit code. */
  async stop() {
    const code = await this.#end("SIGTERM");
    await rm(this.folder, { recursive: true, force: true });
    return code;
  }

  /** Makes a link into a room for a person. */
  async link(name, { room = "demo", grants = "view,annotate,publish", query = "" } = {}) {
    const token = await this.token("--room", room, "--grants", grants, "--name", name);
    return `${this.origin}/r/${room}${query}#token=${token}`;
  }

  /**
   * Sends a film into the room `demo`, as `fmz publish` does. `stop` ends it; `ended` gives its
   * exit code and output.
   */
  async publish(film, ...options) {
    const token = await this.token("--room", "demo", "--grants", "view,publish", "--name", "Film");
    const url = `ws://127.0.0.1:${this.ports.http}/ws`;
    const child = spawn(FMZ, ["publish", film, "--url", url, "--token", token, ...options], { stdio: ["ignore", "pipe", "pipe"] });
    running.add(child);
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => (said += bytes));
    const ended = once(child, "close").then(([code]) => ({ code, said }));
    ended.then(() => running.delete(child));
    const stop = async () => {
      child.kill("SIGKILL");
      await within("fmz publish ends", ended);
    };
    return { ended, stop };
  }

  /** Returns the versions of the room `demo` from the server, newest first. */
  async versions() {
    const token = await this.token("--room", "demo", "--grants", "view");
    const response = await fetch(`${this.origin}/api/v1/rooms/demo/versions`, { headers: { authorization: `Bearer ${token}` } });
    return (await response.json()).versions;
  }

  /** Returns a number from `/metrics`, by its name. */
  async metric(name) {
    const text = await (await fetch(`${this.admin}/metrics`)).text();
    const line = text.split("\n").find((line) => line.startsWith(`${name} `));
    if (!line) throw new Error(`no metric named ${name}`);
    return Number(line.split(" ")[1]);
  }

  /** Runs `fmz token` and returns the token. */
  async token(...options) {
    const command = ["token", "--data-dir", this.#data, "--listen", `127.0.0.1:${this.ports.http}`, ...options];
    const { stdout } = await promisify(execFile)(FMZ, command, { cwd: this.folder });
    const token = stdout.match(/[\w-]+\.[\w-]+\.[\w-]+/)?.[0];
    if (!token) throw new Error(`fmz token printed no token: ${stdout}`);
    return token;
  }

  async #makeRoom(room) {
    const headers = {
      authorization: `Bearer ${await this.token("--operator")}`,
      "content-type": "application/json",
    };
    const body = JSON.stringify({ room });
    const response = await fetch(`${this.origin}/api/v1/rooms`, { method: "POST", headers, body });
    if (response.status !== 201) throw new Error(`room not made: ${response.status} ${await response.text()}`);
  }

  get #data() {
    return join(this.folder, "data");
  }

  #settings() {
    const { http, admin } = this.ports;
    return [
      ...["--data-dir", this.#data],
      ...["--listen", `127.0.0.1:${http}`],
      ...["--admin-listen", `127.0.0.1:${admin}`],
    ];
  }

  async #end(signal) {
    const child = this.#process;
    if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
    const ended = once(child, "exit");
    child.kill(signal);
    const [code] = await within(`fmz ends on ${signal}`, ended);
    return code;
  }
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}

async function freeUdpPort() {
  const probe = createSocket("udp4").bind(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
