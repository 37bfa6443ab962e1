import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { judgePictures } from "./lib/judge.mjs";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

const SIZE = { width: 1280, height: 720 };

describe("the server is killed and started again", () => {
  let server;
  let ada;
  let bo;
  let kept;

  before(async () => {
    server = await Server.demo("--size", "1280x720", "--frames", "48", "--bitrate", "4000");
    ada = await Participant.join("chromium", "Ada", server);
    bo = await Participant.join("firefox", "Bo", server);
    for (const one of [ada, bo]) await one.untilPicture(SIZE.width);
  });

  after(async () => {
    await ada?.leave();
    await bo?.leave();
    await server?.stop();
  });

  test("two people draw", async () => {
    for (const [one, y] of [[ada, 0.3], [bo, 0.6]]) {
      await one.choose("brush");
      await one.drag([0.2, y], [0.4, y + 0.1]);
      await one.choose("rectangle");
      await one.drag([0.5, y], [0.6, y + 0.1]);
    }
    for (const one of [ada, bo]) kept = await one.untilCount(4);
  });

  test("after kill -9 both notice, and drawing goes on", async () => {
    await server.kill();
    for (const one of [ada, bo]) {
      await one.until("it reconnects", () => window.fmz.connection === "reconnecting");
    }
    await ada.choose("arrow");
    await ada.drag([0.7, 0.3], [0.8, 0.4]);
    await ada.until("the mark is drawn, and waits for the server", () => window.fmz.objects.length === 5 && window.fmz.pending > 0);
  });

  test("after the restart both come back by themselves, and every mark is there", async () => {
    await server.start();
    for (const one of [ada, bo]) {
      await one.until("the room is open again", () => window.fmz.connection === "open");
      const marks = await one.untilCount(5);
      for (const mark of kept) {
        assert.deepEqual(marks.find(({ author, counter }) => author === mark.author && counter === mark.counter), mark);
      }
    }
    assert.deepEqual(await bo.objects(), await ada.objects());
  });

  test("pictures and marks go on", async () => {
    for (const one of [ada, bo]) {
      await one.until("the channel for ops is open", () => window.fmz.path === "ops");
      // The last picture before the kill stays on the screen until the stream is back.
      await one.untilPicturesGoOn();
      judgePictures(await one.pictures(48), SIZE);
    }
    await bo.choose("brush");
    await bo.drag([0.2, 0.8], [0.4, 0.9]);
    for (const one of [ada, bo]) await one.untilCount(6);
    await ada.undo();
    for (const one of [ada, bo]) await one.untilCount(5);
  });

  test("one who comes later sees the same", async () => {
    const cy = await Participant.join("chromium", "Cy", server, { grants: "view" });
    try {
      await cy.untilCount(5);
      assert.deepEqual(plain(await cy.objects()), plain(await ada.objects()));
    } finally {
      await cy.leave();
    }
  });

  test("the server ends in order", async () => {
    assert.equal(await server.stop(), 0);
    server = undefined;
    await ada.until("it reconnects", () => window.fmz.connection === "reconnecting");
  });
});

/**
 * Returns marks without the names of their authors, which a page knows only of people in the room.
 */
function plain(marks) {
  return marks.map((mark) => ({ ...mark, authorName: "" }));
}
