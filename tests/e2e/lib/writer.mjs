import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import WebSocket from "ws";
import { PATIENCE_MS, within } from "./deadline.mjs";
import { seeded } from "./random.mjs";
import { ROOT } from "./server.mjs";

/** Kinds of marks, as the wire numbers them. */
const KIND = { brush: 1, rectangle: 2, arrow: 4, text: 5, pin: 8 };
/** Kinds in turn: half of the marks are strokes. */
const TURN = ["brush", "rectangle", "brush", "arrow", "brush", "text", "brush", "rectangle", "brush", "pin"];
const STROKE_POINTS = 60;
/** Marks that one writer submits at once. */
const MARKS_AT_ONCE = 20;
/** Ops that wait for the server, at most: a replica takes 10,000. */
const PENDING_MAX = 2_000;
/** Time between two looks at what is due, ms. */
const STEP_MS = 5;
/** 50,000 marks are 100,000 ops, which the server lets eight writers send in 13 s. */
const FILL_MS_MAX = 4 * PATIENCE_MS;
const COLORS = [0xe69f00ff, 0x56b4e9ff, 0x009e73ff, 0xcc79a7ff];

/**
 * Fills the room `demo` of a server with marks by several writers at once, for the server takes
 * 1,000 ops a second from each. Resolves when all marks are confirmed.
 */
export async function fill(server, marks, { writers = 8, seed = 1 } = {}) {
  const { default: init, Participant } = await import(`${ROOT}web/sdk/src/wasm/fmz_participant.js`);
  await init({ module_or_path: await readFile(`${ROOT}web/sdk/src/wasm/fmz_participant_bg.wasm`) });
  const shares = Array.from({ length: writers }, (_, index) => Math.floor(marks / writers) + (index < marks % writers ? 1 : 0));
  const written = shares.map((share, index) => write(server, Participant, index, share, seeded(seed + index)));
  await within(`${marks} marks are written`, Promise.all(written), FILL_MS_MAX);
}

/** Draws as one participant: the product's own engine, with a socket and a clock around it. */
async function write(server, Participant, index, marks, random) {
  const token = await server.token("--room", "demo", "--grants", "view,annotate", "--name", `Writer ${index}`);
  const participant = new Participant(token, "", new Uint8Array(16).fill(index + 1), false);
  const now = () => performance.now();
  const socket = new WebSocket(`${server.origin.replace("http", "ws")}/ws`, { origin: server.origin });
  const flush = () => {
    for (const { frame } of participant.nextFrames()) socket.send(frame);
    for (const told of participant.nextEvents()) if (told.kind === "refused") throw new Error(`a mark was refused: ${told.code}`);
  };
  await within(`writer ${index} is connected`, once(socket, "open"));
  socket.on("message", (frame) => {
    participant.receiveFrame(0, frame, now());
    flush();
  });
  participant.connected(now());
  flush();
  for (let drawn = 0; drawn < marks || participant.pendingCount > 0; ) {
    const free = participant.author > 0 && participant.pendingCount < PENDING_MAX;
    for (let count = 0; free && count < MARKS_AT_ONCE && drawn < marks; count += 1, drawn += 1) {
      const id = { author: participant.author, counter: participant.nextCounter() };
      participant.submit(batch(mark(TURN[drawn % TURN.length], id, random)), now());
    }
    participant.timeout(now());
    flush();
    // Of all that the others draw only the confirmed document is wanted here.
    participant.takeChanges();
    if (socket.readyState !== WebSocket.OPEN) throw new Error(`writer ${index} lost its connection`);
    await pause(STEP_MS);
  }
  socket.removeAllListeners("message");
  socket.close();
}

/** Returns the ops that make a mark, as protobuf. It is on no picture, and so seen over each. */
function mark(kind, { author, counter }, random) {
  const id = message(1, [varint(1, author), varint(2, counter)]);
  const at = () => ({ x: Math.floor(16_384 * random()), y: Math.floor(9_216 * random()) });
  const start = at();
  const end = { x: start.x + 400 + Math.floor(800 * random()), y: start.y + 300 };
  const point = (field, { x, y }) => message(4, [message(field, [varint(1, zigzag(x)), varint(2, zigzag(y))])]);
  const look = [message(4, [fixed32(1, COLORS[counter % COLORS.length])]), message(4, [varint(2, kind === "text" ? 384 : 48)])];
  const written = kind === "text" || kind === "pin";
  const words = written ? [message(4, [bytes(5, Buffer.from(`Note ${counter}`))])] : [];
  const placed = kind === "brush" ? [] : written ? [point(3, start)] : [point(3, start), point(4, end)];
  const create = message(1, [id, varint(2, KIND[kind]), message(3, []), ...look, ...placed, ...words]);
  if (kind !== "brush") return [create];
  return [create, message(3, [id, message(2, [bytes(1, stroke(start, random))])]), message(4, [id])];
}

/** Returns the points of a stroke as zigzag varints of the way from one to the next. */
function stroke(start, random) {
  const turn = 0.4 * random() - 0.2;
  let angle = 2 * Math.PI * random();
  const deltas = [start.x, start.y];
  for (let step = 1; step < STROKE_POINTS; step += 1) {
    angle += turn;
    deltas.push(Math.round(30 * Math.cos(angle)), Math.round(30 * Math.sin(angle)));
  }
  return Buffer.concat(deltas.map((delta) => number(zigzag(delta))));
}

/** Returns an `OpBatch` without numbers. */
function batch(ops) {
  return Buffer.concat(ops.map((op) => message(3, [op])));
}

// Protobuf by hand: the tests share no code with the product but its engine.

function zigzag(value) {
  return ((value << 1) ^ (value >> 31)) >>> 0;
}

function number(value) {
  const written = [];
  for (; value >= 0x80; value = Math.floor(value / 128)) written.push((value % 128) | 0x80);
  return Buffer.from([...written, value]);
}

function varint(field, value) {
  return Buffer.concat([number(field * 8), number(value)]);
}

function bytes(field, value) {
  return Buffer.concat([number(field * 8 + 2), number(value.length), value]);
}

function message(field, parts) {
  return bytes(field, Buffer.concat(parts));
}

function fixed32(field, value) {
  const four = Buffer.alloc(4);
  four.writeUInt32LE(value);
  return Buffer.concat([number(field * 8 + 5), four]);
}
