/**
 * Measures the delay of a point from the pen in one Chromium to the document of another, each
 * behind a link that delays and loses: `node loss-bench.mjs [--samples N] [--seed N]`. Prints
 * figures as `fmz-load` does (docs/benchmarks.md).
 */
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { throughLink } from "./lib/faults.mjs";
import { Link } from "./lib/link.mjs";
import { Participant } from "./lib/participant.mjs";
import { seeded } from "./lib/random.mjs";
import { Server } from "./lib/server.mjs";

/** Percent of datagrams lost in each direction, and half of a round trip. */
const LOSSES = [0, 3, 10];
const DELAY_MS = 25;
/**
 * Pause between two points, ms. It varies, so that points meet every phase of the server's tick and
 * of the pages' frames.
 */
const PAUSE_MS = { min: 20, max: 50 };
const STROKE_POINTS = 100;
/** Time after which a point that is not on the screen counts as lost. */
const ARRIVAL_MS = 20_000;
/** Largest difference between the clocks of the two pages, ms. */
const CLOCKS_MS_MAX = 1;

const { values } = parseArgs({
  options: { samples: { type: "string", default: "1000" }, seed: { type: "string", default: "1" } },
  strict: false,
});
const [samples, seed] = [Number(values.samples), Number(values.seed)];
const total = { lost: 0, doubled: 0 };
for (const loss of LOSSES) {
  console.error(`loss, Chromium: ${loss} % each way`);
  const { delays, lost, doubled } = await measure(loss);
  for (const percent of [50, 99]) figure(`op_latency_chromium_loss${loss}_p${percent}_ms`, percentile(delays, percent).toFixed(1), "ms");
  total.lost += lost;
  total.doubled += doubled;
}
for (const name of ["lost", "doubled"]) figure(`op_loss_chromium_${name}`, total[name], "ops");
process.exit(total.lost + total.doubled === 0 ? 0 : 1);

async function measure(loss) {
  const server = await Server.serve();
  const links = [];
  const people = [];
  try {
    for (const [index, name] of ["Pen", "Screen"].entries()) {
      // The two links of one run lose different datagrams.
      const link = await Link.open(server.media, { loss, delayMs: DELAY_MS, seed: seed + 1000 * (index + 1) });
      links.push(link);
      people.push(await Participant.join("chromium", name, server, { before: throughLink(link.address) }));
    }
    return await draw(...people);
  } finally {
    for (const one of people) await one.leave();
    for (const link of links) await link.close();
    await server.stop();
  }
}

async function draw(pen, screen) {
  for (const one of [pen, screen]) {
    await one.until("the channel for ops is open", () => window.fmz.path === "ops");
    await one.page.evaluate(watchPoints);
  }
  await checkClocks(pen, screen);
  await pen.choose("brush");
  const random = seeded(seed);
  let doubled = 0;
  for (let left = samples; left > 0; left -= STROKE_POINTS) {
    doubled += await drawStroke(pen, screen, Math.min(left, STROKE_POINTS), random);
  }
  const [sent, shown] = await Promise.all([pen, screen].map((one) => one.page.evaluate(() => [...window.shown])));
  const at = new Map(shown);
  const delays = sent.filter(([point]) => at.has(point)).map(([point, time]) => at.get(point) - time);
  return { delays, lost: sent.length - delays.length, doubled };
}

/**
 * Draws a stroke of `count` points, and lifts the pen once all have arrived; returns the number of
 * points that came twice.
 */
async function drawStroke(pen, screen, count, random) {
  const { mouse } = pen.page;
  const { x, y } = await pen.place([0.2, 0.2 + 0.6 * random()]);
  await mouse.move(x, y);
  await mouse.down();
  for (let step = 1; step < count; step += 1) {
    await pause(PAUSE_MS.min + (PAUSE_MS.max - PAUSE_MS.min) * random());
    await mouse.move(x + 4 * step, y + (step % 2));
  }
  const drawn = await pen.page.evaluate(() => window.shown.size);
  const arrived = (drawn) => window.shown.size >= drawn;
  await screen.page.waitForFunction(arrived, { polling: 20, timeout: ARRIVAL_MS }, drawn).catch(() => undefined);
  const [mine, theirs] = await Promise.all([pen, screen].map((one) => one.page.evaluate(() => window.fmz.objects.at(-1).points.length)));
  await mouse.up();
  const ended = () => window.fmz.objects.every((mark) => mark.ended && !mark.pending);
  for (const one of [pen, screen]) await one.until("the stroke has ended", ended);
  return Math.max(0, theirs - mine);
}

/**
 * Runs in the page: records in `window.shown` when each point of an unfinished stroke was first in
 * the document, ms.
 */
function watchPoints() {
  window.shown = new Map();
  const lengths = new Map();
  window.fmz.onChange((changed) => {
    const now = performance.timeOrigin + performance.now();
    for (const { author, counter, points, ended } of changed) {
      if (ended) continue;
      const key = `${author}:${counter}`;
      for (let point = lengths.get(key) ?? 0; point < points.length; point += 1) window.shown.set(`${key}:${point}`, now);
      lengths.set(key, Math.max(points.length, lengths.get(key) ?? 0));
    }
  });
}

/**
 * Checks that the pages' clocks agree. They share one machine's clock, but each has its own idea of
 * its start.
 */
async function checkClocks(...people) {
  const behind = () => {
    const readings = Array.from({ length: 1000 }, () => performance.timeOrigin + performance.now() - Date.now());
    return readings.reduce((sum, value) => sum + value, 0) / readings.length;
  };
  const [one, other] = await Promise.all(people.map(({ page }) => page.evaluate(behind)));
  if (Math.abs(one - other) > CLOCKS_MS_MAX) throw new Error(`the pages' clocks are ${one - other} ms apart`);
}

function percentile(values, percent) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

function figure(name, value, unit) {
  console.log(`${name} ${value} ${unit}`);
}
