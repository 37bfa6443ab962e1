import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SLOWNESS } from "../e2e/lib/deadline.mjs";
import { judgePictures } from "../e2e/lib/judge.mjs";
import { Participant } from "../e2e/lib/participant.mjs";
import { canRelay, readWay, watchConnections } from "./lib/connections.mjs";
import { joinNatively, useNatively } from "./lib/native.mjs";
import { ROWS } from "./lib/rows.mjs";
import { LabServer } from "./lib/server.mjs";

const SIZE = { width: 1280, height: 720 };
const PICTURES = 30;
/** Joins by a browser and by the native client, by which the time to a connection is judged. */
const BROWSER_JOINS = 3;
const NATIVE_JOINS = 10;
/**
 * Longest time to a connection, ms: no way may be found only by waiting for another to fail. A
 * client gives up a relay that does not answer after 8 s or more (STUN's retransmissions: 9.5 s in
 * Chromium, 39.5 s by RFC 8489 section 6.2.1); a way that is open takes about 0.5 s.
 */
const CONNECT_MS_MAX = 6000 * SLOWNESS;
/**
 * Time after which a relay counts as out of reach, ms. A relay within reach gives an address in a
 * tenth of it.
 */
const NO_RELAY_MS = 3000 * SLOWNESS;

const name = process.env.LAB_ROW;
const row = ROWS[name];

describe(`behind a router of the kind ${name}`, () => {
  let server;
  /** A viewer who may use any path. */
  let bo;
  let marks = 0;

  before(async () => {
    server = await LabServer.start(row.host);
    bo = await arrive("Bo");
  });

  after(async () => {
    await bo?.leave();
    await server?.stop();
  });

  const arrive = (who, { kind = "chromium in the lab", only, query } = {}) =>
    Participant.join(kind, who, server, { before: [[watchConnections, only]], query });

  /**
   * Checks that pictures come, each the frame that its time says, and that a mark gets to Bo by the
   * data channel.
   */
  async function judge(one) {
    await one.untilPicture(SIZE.width);
    judgePictures(await one.pictures(PICTURES), SIZE);
    await one.until("the channel for ops is open", () => window.fmz.path === "ops");
    await one.choose("rectangle");
    await one.drag([0.3, 0.3], [0.5, 0.5]);
    marks += 1;
    const mine = await one.untilCount(marks);
    if (one !== bo) assert.deepEqual(plain(await bo.untilMarks(mine)), plain(mine));
  }

  /**
   * Checks that a person who may use a relay only, over one of these transports, has all of the
   * room.
   */
  async function judgeRelay(who, transports, options) {
    const ada = await arrive(who, options);
    try {
      await judge(ada);
      const way = await ada.page.evaluate(readWay);
      assert.equal(way.type, "relay");
      assert.ok(transports.includes(way.transport), `took ${way.transport}`);
      assert.ok(way.ms < CONNECT_MS_MAX, `${way.ms} ms`);
    } finally {
      await ada.leave();
    }
  }

  test(`Chromium has pictures and marks ${row.direct ? "without" : "by"} a relay`, async () => {
    await judge(bo);
    const { type } = await bo.page.evaluate(readWay);
    assert.equal(type === "relay", !row.direct, `took ${type}`);
  });

  for (const transport of row.browsers) {
    test(`Chromium has them by the relay over ${transport}`, async () => {
      await judgeRelay("Ada", [transport], { only: transport });
    });
  }

  for (const transport of row.blocked) {
    test(`the relay cannot be reached over ${transport}`, async () => {
      assert.equal(await bo.page.evaluate(canRelay, transport, NO_RELAY_MS), false);
    });
  }

  for (const transport of row.natives) {
    test(`the native client has them by the relay over ${transport}`, async () => {
      const [ms] = await useNatively(server, transport);
      assert.ok(ms < CONNECT_MS_MAX, `${ms} ms`);
      marks += 1;
      await bo.untilCount(marks);
    });
  }

  test("a link that says relay=only takes a relay", async () => {
    await judgeRelay("Cy", row.browsers, { query: "?relay=only" });
  });

  test("Firefox has pictures and marks", async () => {
    const fay = await arrive("Fay", { kind: "firefox in the lab" });
    try {
      await judge(fay);
      const { type, transport } = await fay.page.evaluate(readWay);
      assert.ok(row.direct || type === "relay", `took ${type}`);
      assert.ok(type !== "relay" || row.browsers.includes(transport), `took ${transport}`);
    } finally {
      await fay.leave();
    }
  });

  test("joining waits for no way that is blocked, in Chromium", async () => {
    const times = [];
    for (let join = 0; join < BROWSER_JOINS; join += 1) {
      const ada = await arrive("Ada");
      await ada.until("the transport stands", () => window.fmz.media === "connected");
      times.push((await ada.page.evaluate(readWay)).ms);
      await ada.leave();
    }
    judgeTimes("chromium", times);
  });

  test("nor in the native client", async () => {
    judgeTimes("native", await joinNatively(server, NATIVE_JOINS));
  });
});

function judgeTimes(client, times) {
  const sorted = times.toSorted((a, b) => a - b);
  const p95 = sorted[Math.ceil(0.95 * sorted.length) - 1];
  console.log(`lab_${name}_${client}_connect_p95_ms ${p95.toFixed(0)} ms`);
  assert.ok(sorted.at(-1) < CONNECT_MS_MAX, `${times} ms`);
}

/**
 * Returns marks without the fields that only their author knows, and without the names of authors
 * who left.
 */
function plain(marks) {
  return marks.map((mark) => ({ ...mark, authorName: "" }));
}
