import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { within } from "./lib/deadline.mjs";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

const SIZE = { width: 640, height: 360 };
/** Frames of both films: two and three seconds. */
const [FRAMES, OTHER_FRAMES] = [48, 72];
/** The first colour of the palette. */
const ORANGE = "#e69f00";

/** Makes a film as the demonstration does, and puts it into a folder. */
async function makeFilm(folder, name, frames) {
  const demo = await Server.demo("--size", `${SIZE.width}x${SIZE.height}`, "--frames", String(frames), "--bitrate", "1500");
  try {
    const clips = join(demo.folder, "data", "clips");
    const [clip] = (await readdir(clips)).filter((file) => file.endsWith(".ivf"));
    const film = join(folder, name);
    await copyFile(join(clips, clip), film);
    return film;
  } finally {
    await demo.stop();
  }
}

/**
 * Runs in the page: returns for each of the next pictures its frame, and the marks that were
 * visible over it.
 */
function seenOver(count) {
  return new Promise((resolve) => {
    const samples = [];
    let presented = window.fmz.presented;
    const look = () => {
      if (window.fmz.presented !== presented && window.fmz.frame) {
        presented = window.fmz.presented;
        const { media, index } = window.fmz.frame;
        samples.push({ media, index, seen: window.fmz.seen });
      }
      if (samples.length < count) setTimeout(look, 2);
      else resolve(samples);
    };
    look();
  });
}

const keyOf = ({ author, counter }) => `${author}:${counter}`;

/** Shows only marks of the exact frame, samples pictures, and shows all marks again. */
async function seenByFrame(one, count) {
  await one.page.keyboard.press("g");
  const samples = await one.page.evaluate(seenOver, count);
  await one.page.keyboard.press("g");
  return samples;
}

/** Checks that each mark is visible on its own frame and on no other. */
async function judgeFrames(one, marks) {
  const samples = await seenByFrame(one, 3 * FRAMES);
  for (const { media, index, seen } of samples) {
    const expected = marks.filter((mark) => mark.media === media && mark.frame === index).map(keyOf);
    assert.deepEqual([...seen].sort(), expected.sort(), `${one.name}: frame ${index} of ${media}`);
  }
  for (const mark of marks) {
    assert.ok(samples.some(({ seen }) => seen.includes(keyOf(mark))), `${one.name}: frame ${mark.frame} never came by`);
  }
}

async function draw(one, y) {
  await one.choose("rectangle");
  await one.color(1);
  return one.drag([0.2, y], [0.4, y + 0.1]);
}

describe("a film that is sent again is the same film", () => {
  let folder;
  let [film, other] = [];
  let server;
  let stream;
  let ada;
  let bo;
  let marks;
  let edge;
  let firstPublication;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "fmz-films-"));
    film = await makeFilm(folder, "first.ivf", FRAMES);
    other = await makeFilm(folder, "other.ivf", OTHER_FRAMES);
    server = await Server.serve();
    stream = await server.publish(film);
    ada = await Participant.join("chromium", "Ada", server);
    bo = await Participant.join("firefox", "Bo", server);
    for (const one of [ada, bo]) await one.untilPicture(SIZE.width);
  });

  after(async () => {
    await stream?.stop();
    await ada?.leave();
    await bo?.leave();
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test("marks hang on the film's frames", async () => {
    for (const [one, y] of [[ada, 0.3], [bo, 0.6]]) {
      const [start, end] = await draw(one, y);
      edge = [start.grid[0], (start.grid[1] + end.grid[1]) / 2];
      await draw(one, y + 0.12);
    }
    marks = await ada.untilCount(4);
    await bo.untilCount(4);
    const [media] = new Set(marks.map(({ media }) => media));
    assert.match(media, /^b3-[0-9a-f]{32}$/);
    for (const mark of marks) assert.ok(mark.media === media && mark.frame < FRAMES, JSON.stringify(mark));
    for (const one of [ada, bo]) await judgeFrames(one, marks);
    firstPublication = await ada.page.evaluate(() => window.fmz.main);
  });

  test("after kill -9, a restart and a new publication every mark stands on its frame", async () => {
    await server.kill();
    await stream.stop();
    await server.start();
    stream = await server.publish(film);
    for (const one of [ada, bo]) {
      await one.until("the room is open again", () => window.fmz.connection === "open");
      await one.until("the film's new publication", (old) => window.fmz.main !== undefined && window.fmz.main !== old, firstPublication);
      await one.untilPicturesGoOn();
      const kept = await one.untilCount(4);
      assert.deepEqual(kept, marks.map((mark) => kept.find((other) => keyOf(other) === keyOf(mark)) && mark));
      await judgeFrames(one, marks);
      await one.untilPainted(edge, ORANGE);
    }
  });

  test("another film shows none of them", async () => {
    await stream.stop();
    for (const one of [ada, bo]) await one.until("no film", () => window.fmz.main === undefined);
    stream = await server.publish(other);
    for (const one of [ada, bo]) {
      await one.until("a picture of the other film", (first) => {
        const { frame } = window.fmz;
        return frame?.index !== undefined && frame.media !== first;
      }, marks[0].media);
      for (const { seen } of await one.page.evaluate(seenOver, 2 * OTHER_FRAMES)) assert.deepEqual(seen, []);
      for (const { seen } of await seenByFrame(one, OTHER_FRAMES)) assert.deepEqual(seen, []);
      await one.untilBare(edge);
      assert.equal((await one.objects()).length, 4, "the notes keep them");
    }
  });

  test("another film does not get the first one's id", async () => {
    const refused = await server.publish(other, "--media", marks[0].media);
    const { code, said } = await within("the film is refused", refused.ended);
    assert.notEqual(code, 0);
    assert.match(said, new RegExp(`has ${FRAMES} frames at 24/1 .* this film ${OTHER_FRAMES} frames`));
  });
});

for (const [first, second] of [["chromium", "firefox"], ["firefox", "chromium"]]) {
  describe(`${first}'s camera, then ${second}'s`, () => {
    let server;
    let ada;
    let bo;
    let mark;

    before(async () => {
      server = await Server.serve();
      ada = await Participant.join(first, "Ada", server);
      bo = await Participant.join(second, "Bo", server);
      for (const one of [ada, bo]) await one.until("the room's transport stands", () => window.fmz.media === "connected");
    });

    after(async () => {
      await ada?.leave();
      await bo?.leave();
      await server?.stop();
    });

    const shows = (one, publication) => one.until("the camera's picture", (publication) => {
      const { frame, main } = window.fmz;
      return main === publication && frame?.media === window.fmz.publications.find((known) => known.publication === main)?.media;
    }, publication);
    const cameraOf = (one) => one.page.evaluate(() => {
      const own = window.fmz.publications.find(({ participant, kind }) => participant === window.fmz.self && kind === 2);
      return own?.publication;
    });
    const turnOn = async (one) => {
      await one.page.click("#camera");
      await one.until("its publication", () => window.fmz.publications.some(({ participant, kind }) => participant === window.fmz.self && kind === 2));
      return cameraOf(one);
    };
    const turnOff = async (one) => {
      await one.page.click("#camera");
      await one.until("no publication", () => window.fmz.publications.every(({ kind }) => kind !== 2));
    };

    test("a mark on a camera is seen over its picture", async () => {
      await shows(bo, await turnOn(ada));
      await draw(bo, 0.3);
      [mark] = await bo.untilCount(1);
      assert.match(mark.media, /^m-[0-9a-f]{32}$/);
      const samples = await bo.page.evaluate(seenOver, 24);
      assert.ok(samples.every(({ seen }) => seen.includes(keyOf(mark))));
    });

    test("and never over another camera's", async () => {
      await turnOff(ada);
      await shows(ada, await turnOn(bo));
      await ada.untilMarks([mark]);
      for (const { media, seen } of await ada.page.evaluate(seenOver, 48)) {
        assert.notEqual(media, mark.media);
        assert.deepEqual(seen, []);
      }
      for (const { seen } of await seenByFrame(ada, 24)) assert.deepEqual(seen, []);
    });
  });
}
