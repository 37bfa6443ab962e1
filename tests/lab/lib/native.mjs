import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "../../e2e/lib/server.mjs";

const LOAD = process.env.E2E_LOAD ?? join(ROOT, "target/debug/fmz-load");
/** Pictures that are judged. */
const PICTURES = 30;

/**
 * Joins `joins` times with the native client, one after another; returns the time until each
 * connection stood, ms.
 */
export async function joinNatively(server, joins) {
  return run(server, "--joins", String(joins));
}

/**
 * Runs one native client that may use the relay over one transport only. It judges the stream's
 * pictures and draws an arrow.
 */
export async function useNatively(server, transport) {
  return run(server, "--joins", "1", "--relay", transport, "--pictures", String(PICTURES));
}

async function run(server, ...options) {
  const token = await server.token("--grants", "view,annotate");
  const url = `${server.origin.replace("https", "wss")}/ws`;
  const command = ["join", "--url", url, "--token", token, "--ca", process.env.LAB_AUTHORITY, ...options];
  const { stdout } = await promisify(execFile)(LOAD, command);
  return stdout.trim().split("\n").map((line) => Number(line.split(" ")[1]));
}
