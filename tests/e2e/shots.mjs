/**
 * Takes pictures of a room with two people and the 4K stream, in both browsers at two sizes: `npm
 * run shots [-- FOLDER]`; by default into docs/images.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { blockDatagrams } from "./lib/faults.mjs";
import { Participant } from "./lib/participant.mjs";
import { ROOT, Server } from "./lib/server.mjs";

const SIZES = [
  { width: 1280, height: 720, file: ".png" },
  { width: 3840, height: 2160, file: "-4k.jpg" },
];
const folder = process.argv[2] ?? join(ROOT, "docs/images");

await mkdir(folder, { recursive: true });
const server = await Server.demo("--frames", "120");
try {
  // Bo gets no picture of his own: two cores are enough for one decoder of 4K pictures only.
  const bo = await Participant.join("chromium", "Bo Lindqvist", server, { before: blockDatagrams });
  await drawAs(bo, 2, { stroke: arc([0.26, 0.42], 0.06), arrow: [[0.42, 0.62], [0.5, 0.5]], text: [[0.28, 0.7], "lift the blacks"] });
  for (const kind of ["chromium", "firefox"]) {
    for (const size of SIZES) await shoot(kind, size, bo);
  }
  await bo.leave();
} finally {
  await server.stop();
}

async function shoot(kind, { file, ...size }, bo) {
  const ada = await Participant.join(kind, "Ada Okafor", server, { size, grants: "view,annotate,publish,own" });
  try {
    await ada.untilPicture(3840);
    const before = (await ada.objects()).length;
    await drawAs(ada, 1, { stroke: arc([0.68, 0.36], 0.08), arrow: [[0.86, 0.72], [0.76, 0.52]], text: [[0.7, 0.8], "warmer here"] });
    await ada.untilCount(before + 3);
    const { x, y } = await bo.place([0.55, 0.45]);
    await bo.page.mouse.move(x, y + 20);
    await bo.page.mouse.move(x, y);
    await ada.until("Bo's pointer", () => window.fmz.pointers.length === 1);
    await ada.until("the stream to run smoothly", () => / 2[345] fps/.test(document.body.textContent));
    await ada.choose("brush");
    await ada.screenshot(join(folder, `room-${kind}${file}`));
    for (let step = 0; step < 3; step += 1) await ada.undo();
    await ada.untilCount(before);
    await ada.until("all is confirmed", () => window.fmz.pending === 0);
  } finally {
    await ada.leave();
  }
}

async function drawAs(one, color, { stroke, arrow, text }) {
  await one.choose("brush");
  await one.color(color);
  await one.drag(...stroke);
  await one.choose("arrow");
  await one.drag(...arrow);
  await one.choose("text");
  await one.write(...text);
  await one.until("all is confirmed", () => window.fmz.pending === 0);
}

/** Returns a circle around a spot, as a hand draws it. */
function arc([x, y], radius) {
  return Array.from({ length: 30 }, (_, step) => {
    const angle = (step / 28) * 2 * Math.PI - 1;
    const wobble = 1 + 0.06 * Math.sin(3 * angle);
    return [x + radius * wobble * Math.cos(angle), y + radius * 1.6 * wobble * Math.sin(angle)];
  });
}
