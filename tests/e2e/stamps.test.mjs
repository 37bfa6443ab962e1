import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { burden, drawMarks, installPlants, judgeMarks } from "./lib/marker.mjs";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

const MARKS = 40;
/**
 * Rounds of marks. In one of them at least, a mark must fall between a picture and its
 * announcement, which happens to each mark with a chance of one in five.
 */
const ROUNDS_MAX = 5;
/** Milliseconds of work in every animation frame, for a page that is always late. */
const WORK_MS = 20;
/** Length of the film, which loops. */
const FRAMES = 96;
/** Pictures that pass behind a frozen one. */
const PICTURES_PASSED = 12;
/** Ticks of one picture at 24 a second. */
const PICTURE_TICKS = 3_750;

for (const kind of ["chromium", "firefox"]) {
  describe(`marks on a running picture, ${kind}`, () => {
    let server;
    let ada;

    before(async () => {
      server = await Server.demo("--size", "1280x720", "--frames", String(FRAMES), "--bitrate", "4000");
      ada = await Participant.join(kind, "Ada", server, { before: [[installPlants]] });
      await ada.untilPicture(1280);
    });

    after(async () => {
      await ada?.leave();
      await server?.stop();
    });

    const draw = async (seed, plants = {}) => {
      await ada.page.evaluate((plants) => Object.assign(window.plants, { offByOne: 0, blind: false, nameless: false }, plants), plants);
      return judgeMarks(await drawMarks(ada, { marks: MARKS, seed }));
    };
    const judge = ({ wrong, uncertain, marks }) => {
      assert.deepEqual(wrong, [], `${wrong.length} of ${marks} marks carry a frame that was not on the screen`);
      assert.ok(uncertain < marks, "no mark is certain of its frame");
    };

    test("frame11: each carries the frame in the pixels that its author saw", async () => {
      judge(await draw(1));
    });

    if (kind === "chromium") {
      test("frame13: also if the browser does not name the picture", async () => {
        judge(await draw(2, { nameless: true }));
      });
    }

    test("frame12: a mark on a frozen picture carries the frame that stands still", async () => {
      await ada.page.keyboard.press("k");
      await ada.until("the picture stands still", () => window.fmz.frozen);
      const still = await ada.page.evaluate(readStill);
      const presented = await ada.page.evaluate(() => window.fmz.presented);
      await ada.until("pictures that are not shown", (enough) => window.fmz.presented > enough, presented + PICTURES_PASSED);
      assert.equal(await ada.page.evaluate(readStill), still);
      await ada.choose("rectangle");
      await ada.drag([0.3, 0.3], [0.5, 0.5]);
      const [mark] = await ada.untilCount(1);
      const apart = (mark.frame - still + FRAMES) % FRAMES;
      const allowed = mark.uncertain ? [0, 1, FRAMES - 1] : [0];
      assert.ok(allowed.includes(apart), `the mark is on ${mark.frame}, the picture that stands still is ${still}`);
      await ada.page.keyboard.press("k");
      await ada.page.click("#undo");
      await ada.untilCount(0);
    });

    test("a page that is one frame off is found out", async () => {
      const { wrong, marks, uncertain } = await draw(3, { offByOne: PICTURE_TICKS });
      assert.ok(wrong.length > (marks - uncertain) / 2, `${wrong.length} of ${marks} found`);
    });

    test("a page that takes the last announced picture for the one that is read is found out", async () => {
      let found = 0;
      for (let seed = 4; found === 0 && seed < 4 + ROUNDS_MAX; seed += 1) {
        const { wrong } = await draw(seed, { nameless: true, blind: true });
        found = wrong.length;
      }
      assert.ok(found > 0, "every mark had the right frame by chance");
    });

    test("frame11: each carries its frame on a page that is late all the time", async () => {
      await burden(ada, WORK_MS);
      judge(await draw(5));
    });
  });
}

/** Runs in the page: returns the number painted in the picture that is frozen. */
function readStill() {
  const still = document.querySelector("canvas.still");
  return window.frameProbe.codeOf(still, still.width);
}
