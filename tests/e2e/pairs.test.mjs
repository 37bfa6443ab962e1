import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { judgePictures } from "./lib/judge.mjs";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

const SIZE = { width: 1280, height: 720 };
/** Grid units by which two roundings of one place may differ. */
const ROUNDING = 1;
const COLORS = { orange: "#e69f00", blue: "#56b4e9", green: "#009e73", yellow: "#f0e442", white: "#ffffff" };

for (const [drawing, viewing] of [
  ["chromium", "chromium"],
  ["firefox", "firefox"],
  ["chromium", "firefox"],
  ["firefox", "chromium"],
]) {
  describe(`${drawing} draws, ${viewing} looks on`, () => {
    let server;
    let ada;
    let bo;

    before(async () => {
      server = await Server.demo("--size", "1280x720", "--frames", "48", "--bitrate", "4000");
      ada = await Participant.join(drawing, "Ada", server);
      bo = await Participant.join(viewing, "Bo", server);
    });

    after(async () => {
      await ada?.leave();
      await bo?.leave();
      await server?.stop();
    });

    test("both see each other in the room", async () => {
      for (const one of [ada, bo]) {
        await one.until("Ada and Bo are there", () => {
          const names = window.fmz.participants.map(({ name }) => name);
          return names.includes("Ada") && names.includes("Bo");
        });
      }
    });

    test("frame9: both see the stream, each picture the frame that its time says", async () => {
      for (const one of [ada, bo]) {
        await one.untilPicture(SIZE.width);
        judgePictures(await one.pictures(60), SIZE);
      }
    });

    test("marks travel over the data channel", async () => {
      for (const one of [ada, bo]) {
        await one.until("the channel for ops is open", () => window.fmz.path === "ops");
      }
    });

    test("a brush stroke appears where it was drawn", async () => {
      await ada.choose("brush");
      await ada.color(1);
      await ada.page.keyboard.type("]]");
      const places = await ada.drag([0.1, 0.3], [0.2, 0.4], [0.3, 0.3]);
      const mark = await seenByBoth(ada, bo, "brush");
      near(mark.points[0], places[0].grid);
      near(mark.points.at(-1), places.at(-1).grid);
      assert.ok(mark.points.length > 2, `${mark.points.length} points`);
      for (const one of [ada, bo]) {
        // Not at the corner, because a drawn line is smoothed there.
        for (const end of [places[0], places[2]]) {
          await one.untilPainted(middle(end.grid, places[1].grid), COLORS.orange);
        }
        await one.untilBare((await one.place([0.2, 0.2])).grid);
      }
    });

    test("a rectangle appears where it was drawn", async () => {
      await ada.choose("rectangle");
      await ada.color(2);
      const [start, end] = await ada.drag([0.4, 0.3], [0.55, 0.5]);
      const mark = await seenByBoth(ada, bo, "rectangle");
      near(mark.start, start.grid);
      near(mark.end, end.grid);
      for (const one of [ada, bo]) {
        await one.untilPainted([start.grid[0], (start.grid[1] + end.grid[1]) / 2], COLORS.blue);
        await one.untilPainted([(start.grid[0] + end.grid[0]) / 2, end.grid[1]], COLORS.blue);
        await one.untilBare(middle(start.grid, end.grid));
      }
    });

    test("an arrow appears where it was drawn", async () => {
      await ada.choose("arrow");
      await ada.color(3);
      const [tail, head] = await ada.drag([0.65, 0.3], [0.85, 0.5]);
      const mark = await seenByBoth(ada, bo, "arrow");
      near(mark.start, tail.grid);
      near(mark.end, head.grid);
      for (const one of [ada, bo]) {
        await one.untilPainted(tail.grid, COLORS.green);
        await one.untilPainted(middle(tail.grid, head.grid), COLORS.green);
      }
    });

    test("a text appears where it was written", async () => {
      await ada.choose("text");
      await ada.color(4);
      const place = await ada.write([0.2, 0.7], "██ softer 柔");
      const mark = await seenByBoth(ada, bo, "text");
      assert.equal(mark.text, "██ softer 柔");
      assert.ok(Math.abs(mark.start[0] - place.grid[0]) <= ROUNDING, `${mark.start} for ${place.grid}`);
      for (const one of [ada, bo]) {
        await one.untilPainted([mark.start[0] + mark.width / 2, mark.start[1] - mark.width / 4], COLORS.yellow);
      }
    });

    test("marks carry the frame that their author saw", async () => {
      for (const mark of await bo.objects()) {
        assert.equal(typeof mark.frame, "number");
        assert.ok(mark.frame >= 0 && mark.frame < 48, `frame ${mark.frame}`);
        assert.notEqual(mark.publication, "");
      }
    });

    test("marks stay on the picture when the window changes its shape", async () => {
      const [stroke] = (await bo.objects()).filter(({ kind }) => kind === "brush");
      for (const size of [{ width: 1000, height: 800 }, { width: 1280, height: 720 }]) {
        const { rect } = await bo.state();
        await bo.page.setViewport(size);
        await bo.until("the picture has its new place", (width) => window.fmz.rect.width !== width, rect.width);
        await bo.untilPainted(stroke.points[0], COLORS.orange);
      }
    });

    test("undo removes only one's own", async () => {
      await bo.choose("rectangle");
      await bo.color(8);
      const [start] = await bo.drag([0.6, 0.75], [0.7, 0.85]);
      const all = await bo.untilCount(5);
      await ada.untilMarks(all);
      for (const left of [4, 3, 2, 1]) {
        await ada.undo();
        await ada.untilCount(left);
        await bo.untilCount(left);
      }
      await ada.undo();
      const [mark] = await bo.untilCount(1);
      assert.equal(mark.authorName, "Bo");
      for (const one of [ada, bo]) await one.untilPainted(start.grid, COLORS.white);
    });

    test("a pointer is seen by the other", async () => {
      const { x, y, grid } = await ada.place([0.5, 0.5]);
      await ada.page.mouse.move(x, y);
      await bo.until("Ada's pointer", ([x, y]) =>
        window.fmz.pointers.some((at) => Math.abs(at.x - x) <= 1 && Math.abs(at.y - y) <= 1), grid);
    });

    test("leaving is seen", async () => {
      await ada.leave();
      ada = undefined;
      await bo.until("Ada is gone", () => window.fmz.participants.every(({ name }) => name !== "Ada"));
    });
  });
}

/** Returns the newest mark of a kind, once the other page holds the very same. */
async function seenByBoth(author, other, kind) {
  await author.until(`an own ${kind} is confirmed`, (kind) => {
    const mark = window.fmz.objects.findLast((mark) => mark.kind === kind);
    return mark && !mark.pending && (kind !== "brush" || mark.ended);
  }, kind);
  const mark = (await author.objects()).findLast((mark) => mark.kind === kind);
  const seen = await other.untilMarks([mark]);
  assert.deepEqual(seen.find(({ author, counter }) => author === mark.author && counter === mark.counter), mark);
  return mark;
}

function near(found, expected) {
  const apart = Math.max(Math.abs(found[0] - expected[0]), Math.abs(found[1] - expected[1]));
  assert.ok(apart <= ROUNDING, `${found} is ${apart} units from ${expected}`);
}

function middle([ax, ay], [bx, by]) {
  return [(ax + bx) / 2, (ay + by) / 2];
}
