import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { throughLink } from "./lib/faults.mjs";
import { Hand, prepare } from "./lib/hand.mjs";
import { Link } from "./lib/link.mjs";
import { Participant } from "./lib/participant.mjs";
import { meterPaths, readPaths } from "./lib/paths.mjs";
import { Server } from "./lib/server.mjs";

/** Percent of datagrams lost in each direction, and half of a round trip of 100 ms. */
const NETWORK = { loss: 5, delayMs: 50 };
/** Ops that both people make together. */
const OPS = 10_000;
/** Grid units by which two roundings of one place may differ. */
const ROUNDING = 1;

for (const [first, second] of [["chromium", "chromium"], ["chromium", "firefox"]]) {
  describe(`${first} and ${second} draw over a network that loses`, () => {
    let server;
    const links = [];
    const people = [];
    const hands = [];
    let begin;

    before(async () => {
      server = await Server.serve();
      for (const [kind, name, seed] of [[first, "Ada", 1], [second, "Bo", 2]]) {
        const link = await Link.open(server.media, { ...NETWORK, seed });
        links.push(link);
        const before = [[meterPaths], ...throughLink(link.address)];
        people.push(await Participant.join(kind, name, server, { before, grants: "view,annotate,own" }));
      }
    });

    after(async () => {
      for (const one of people) await one.leave();
      for (const link of links) await link.close();
      await server?.stop();
    });

    test("data channels open through the links, and nowhere else", async () => {
      for (const [index, one] of people.entries()) {
        await one.until("the channel for ops is open", () => window.fmz.path === "ops");
        const { peers } = await one.page.evaluate(readPaths);
        assert.deepEqual(peers, [links[index].address]);
      }
      await prepare(people[0]);
      for (const one of people) await one.untilCount(2);
      begin = await Promise.all(people.map((one) => one.page.evaluate(readPaths)));
    });

    test(`${OPS} ops of both at once`, async () => {
      const { revision } = await people[0].state();
      hands.push(new Hand(people[0], { top: 0.2, letter: "q" }), new Hand(people[1], { top: 0.65, letter: "w" }));
      const paths = await Promise.all(hands.map((hand) => hand.drawUntil(revision + OPS)));
      assert.deepEqual(paths, [["ops"], ["ops"]], "no op took another way than the data channel");
    });

    test("end in equal hashes, on both pages and on the server", async () => {
      const [ada, bo] = await settled(people);
      assert.deepEqual(bo, ada);
      await people[0].keepVersion("the end");
      // In a room that rests for two minutes, the room keeps further versions by itself.
      await people[0].until("the version is listed", () =>
        [...document.querySelectorAll(".version .note-title")].some(({ textContent }) => textContent === "the end"));
      const version = (await server.versions()).find(({ name }) => name === "the end");
      assert.deepEqual({ revision: version.revision, stateHash: version.state_hash }, ada);
      assert.equal(await server.metric("fmz_replicas_diverged_total"), 0);
    });

    test("nothing is lost and nothing doubled", async () => {
      const [mine, theirs] = await Promise.all(people.map((one) => one.objects()));
      assert.deepEqual(theirs, mine);
      const [rectangle, text] = mine;
      assert.deepEqual(rectangle.offset, [0, 0], "every drag ends where it began");
      for (const { letter, letters } of hands) assert.equal(text.text.split(letter).length - 1, letters, `letters ${letter}`);
      for (const hand of hands) judgeMarks(mine.slice(2), hand);
    });

    test("the links lost what they should, and carried the rest", async () => {
      for (const [index, one] of people.entries()) {
        const end = await one.page.evaluate(readPaths);
        assert.deepEqual(end.peers, [links[index].address]);
        const [socket, channels] = [end.socketBytes - begin[index].socketBytes, bytesOf(end) - bytesOf(begin[index])];
        assert.ok(socket * 20 < channels, `${socket} bytes over the WebSocket, ${channels} over data channels`);
      }
      for (const link of links.splice(0)) judgeLosses(await link.close());
    });
  });
}

/** Returns revision and hash of each page, once all ops of all pages are confirmed everywhere. */
async function settled(people) {
  const revisions = [];
  for (const one of people) {
    await one.until("all is confirmed", () => window.fmz.pending === 0);
    revisions.push(await one.page.evaluate(() => window.fmz.revision));
  }
  const last = Math.max(...revisions);
  for (const one of people) await one.until("all of the others is here", (last) => window.fmz.revision >= last, last);
  const read = () => ({ revision: window.fmz.revision, stateHash: window.fmz.stateHash });
  return Promise.all(people.map((one) => one.page.evaluate(read)));
}

/**
 * Checks that the marks of one hand are there, and no others; its strokes have the pen's first and
 * last place.
 */
function judgeMarks(marks, { one, kept, strokes }) {
  const own = marks.filter(({ authorName }) => authorName === one.name);
  assert.equal(own.length, kept, `marks of ${one.name}`);
  const drawn = own.filter(({ kind }) => kind === "brush");
  assert.equal(drawn.length, strokes.length, `strokes of ${one.name}`);
  for (const [index, { points, ended }] of drawn.entries()) {
    assert.ok(ended);
    for (const [end, place] of [[points[0], strokes[index][0]], [points.at(-1), strokes[index][1]]]) {
      const off = end.map((value, axis) => Math.abs(value - place[axis]));
      assert.ok(Math.max(...off) <= ROUNDING, `stroke ${index} of ${one.name}: ${end}, not ${place}`);
    }
  }
}

function bytesOf({ ops, live }) {
  return [ops, live].reduce((sum, { bytesSent, bytesReceived }) => sum + bytesSent + bytesReceived, 0);
}

/** Checks that the losses are near their share: within five standard deviations. */
function judgeLosses(ways) {
  for (const [way, { carried, lost }] of Object.entries(ways)) {
    const all = carried + lost;
    const share = NETWORK.loss / 100;
    assert.ok(all * share > 10, `${all} datagrams ${way} are too few to judge`);
    assert.ok(Math.abs(lost - all * share) < 5 * Math.sqrt(all * share * (1 - share)), `${lost} of ${all} lost ${way}`);
  }
}
