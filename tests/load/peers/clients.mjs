/**
 * `node clients.mjs ENGINE ROOM PORT FIRST COUNT DRAWING [counting]`: participants FIRST to FIRST +
 * COUNT - 1 of a room. Those with a number below DRAWING draw. With `counting`, all but the first
 * only count what they receive, if their engine can tell points apart without applying them: two
 * cores cannot apply them for 50. The program prints `ready`, then follows the lines on standard
 * input: `draw` starts, `rest` stops, `count` prints the number of points made here, and of others'
 * points that all participants hold together.
 */
import { createInterface } from "node:readline";
import { Hand } from "./hand.mjs";

/** Time between two reads of the pens, ms: a quarter of a point's. */
const LOOK_MS = 4;

// Each provider adds a listener for the end of the process, which is more than Node's warning
// allows.
process.setMaxListeners(0);

const [engine, room] = process.argv.slice(2, 4);
const [port, first, count, drawing] = process.argv.slice(4, 8).map(Number);
const counting = process.argv[8] === "counting";
const { connect } = await import(`./engines/${engine}.mjs`);

const pens = [];
for (let client = 0; client < count; client++) {
  pens.push(await connect(port, room, counting && client > 0));
}
const hands = pens
  .map((pen, client) => new Hand(pen, first + client))
  .filter((hand) => hand.client < drawing);
console.log("ready");

let looking;
const commands = {
  draw() {
    const begun = performance.now();
    looking = setInterval(() => {
      const seconds = (performance.now() - begun) / 1000;
      for (const hand of hands) hand.draw(seconds);
    }, LOOK_MS);
  },
  rest() {
    clearInterval(looking);
  },
  count() {
    const made = hands.reduce((sum, hand) => sum + hand.made, 0);
    const held = pens.reduce((sum, pen) => sum + pen.points(), 0);
    console.log(`${made} ${held - made}`);
  },
};
createInterface({ input: process.stdin })
  .on("line", (line) => commands[line]())
  .on("close", () => process.exit(0));
