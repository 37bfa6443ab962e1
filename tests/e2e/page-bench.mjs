/**
 * Measures how long a fresh Chromium takes from the click on Join until it lists all marks of a
 * full room and can be used, until all are painted, and the memory that it then holds:
 * `node page-bench.mjs [--marks N] [--runs N] [--seed N]`. Prints figures as `fmz-load` does
 * (docs/benchmarks.md). `E2E_FMZ` is the binary, which serves its own page.
 */
import { parseArgs } from "node:util";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";
import { fill } from "./lib/writer.mjs";

const { values } = parseArgs({
  options: {
    marks: { type: "string", default: "50000" },
    runs: { type: "string", default: "5" },
    seed: { type: "string", default: "1" },
  },
});
const [marks, runs, seed] = [values.marks, values.runs, values.seed].map(Number);
const MEGABYTE = 1_000_000;
/** If the overlay was not painted for so long, all marks are, ms. */
const REST_MS = 500;

const server = await Server.serve();
try {
  console.error(`page, Chromium: a room with ${marks} marks`);
  await fill(server, marks, { seed });
  const joins = [];
  for (let run = 0; run < runs; run += 1) {
    console.error(`page, Chromium: join ${run + 1} of ${runs}`);
    joins.push(await join());
  }
  const name = `page_join_${marks % 1000 === 0 ? `${marks / 1000}k` : marks}`;
  figure(`${name}_ms`, joins.map(({ listed }) => listed), "ms");
  figure(`${name}_painted_ms`, joins.map(({ painted }) => painted), "ms");
  figure(`${name}_heap_mb`, joins.map(({ heap, wasm }) => (heap + wasm) / MEGABYTE), "MB");
} finally {
  await server.stop();
}

/** Joins in a browser of its own. Returns the times since the click, ms, and the bytes held. */
async function join() {
  const one = await Participant.arrive("chromium with its memory shown", "Viewer", server, { before: [[watchJoin, marks, REST_MS]] });
  try {
    await one.until(`${marks} marks are painted`, () => window.joined !== undefined);
    return await one.page.evaluate(() => {
      window.gc();
      return { ...window.joined, heap: performance.memory.usedJSHeapSize, wasm: window.wasmMemory.buffer.byteLength };
    });
  } finally {
    await one.leave();
  }
}

/**
 * Runs in the page before its own code: `window.joined` has the times since the click on Join, ms:
 * `listed` when a frame that counts all marks is on the screen and the page can answer, `painted`
 * when the last of them is painted. `window.wasmMemory` is the engine's.
 */
function watchJoin(marks, restMs) {
  for (const name of ["instantiate", "instantiateStreaming"]) {
    const instantiate = WebAssembly[name];
    WebAssembly[name] = async (...given) => {
      const made = await instantiate.apply(WebAssembly, given);
      window.wasmMemory = (made.instance ?? made).exports.memory ?? window.wasmMemory;
      return made;
    };
  }
  let drawn = 0;
  for (const name of ["fill", "stroke", "fillText"]) {
    const draw = CanvasRenderingContext2D.prototype[name];
    CanvasRenderingContext2D.prototype[name] = function (...given) {
      if (this.canvas.className === "overlay") drawn = performance.now();
      return draw.apply(this, given);
    };
  }
  let clicked;
  document.addEventListener("click", () => (clicked ??= performance.now()), { capture: true });
  const isListed = () => document.querySelector("#tab-notes .count")?.textContent === String(marks);
  const look = () => {
    if (!isListed()) requestAnimationFrame(look);
    // The callbacks of a frame come first, then its picture, then this task.
    else requestAnimationFrame(() => setTimeout(settle, 0));
  };
  const settle = () => {
    const listed = performance.now() - clicked;
    const timer = setInterval(() => {
      if (performance.now() - drawn < restMs) return;
      clearInterval(timer);
      const begun = performance.now();
      // Reading a pixel waits for what the browser has put off.
      document.querySelector("canvas.overlay:not(.input)").getContext("2d").getImageData(0, 0, 1, 1);
      window.joined = { listed, painted: Math.max(listed, drawn - clicked + performance.now() - begun) };
    }, restMs / 10);
  };
  requestAnimationFrame(look);
}

function figure(name, values, unit) {
  const sorted = values.toSorted((a, b) => a - b);
  console.log(`${name} ${sorted[Math.floor((sorted.length - 1) / 2)].toFixed(1)} ${unit}`);
}
