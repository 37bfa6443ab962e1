import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

for (const [owner, other] of [["chromium", "firefox"], ["firefox", "chromium"]]) {
  describe(`${owner} goes back, ${other} looks on`, () => {
    let server;
    let ada;
    let bo;

    before(async () => {
      server = await Server.serve();
      ada = await Participant.join(owner, "Ada", server, { grants: "view,annotate,own" });
      bo = await Participant.join(other, "Bo", server);
    });

    after(async () => {
      await ada?.leave();
      await bo?.leave();
      await server?.stop();
    });

    const both = async (count) => {
      for (const one of [ada, bo]) await one.untilCount(count);
    };
    /**
     * Returns the row of a version. In a room that rests for two minutes, the room keeps others by
     * itself.
     */
    const row = (one, name) => one.until(`the version ${name} is listed`, (name) =>
      [...document.querySelectorAll(".version")].find((row) => row.querySelector(".note-title").textContent === name), name);
    const press = async (one, name, button) => {
      await (await (await row(one, name)).$(button)).click();
    };
    const draw = async (one, y) => {
      await one.choose("rectangle");
      await one.drag([0.2, y], [0.3, y + 0.1]);
      await one.choose("line");
      await one.drag([0.4, y], [0.5, y + 0.1]);
    };

    test("a version is kept under a name", async () => {
      await draw(ada, 0.2);
      await both(2);
      await ada.keepVersion("first look");
      await row(ada, "first look");
    });

    test("an older version is looked at, and nothing changes for it", async () => {
      await draw(bo, 0.5);
      await both(4);
      const [there] = await bo.objects().then((all) => all.filter(({ authorName, kind }) => authorName === "Bo" && kind === "rectangle"));
      await ada.untilPainted(there.start, there.color.slice(0, 7));
      await press(ada, "first look", ".icon-button");
      await ada.untilBare(there.start);
      assert.equal((await ada.objects()).length, 4);
      await ada.page.keyboard.press("Escape");
      await ada.untilPainted(there.start, there.color.slice(0, 7));
    });

    test("going back is seen by everybody, and undone", async () => {
      await press(ada, "first look", ".icon-button:last-child");
      await both(2);
      const { objects } = await bo.state();
      assert.deepEqual(new Set(objects.map(({ authorName }) => authorName)), new Set(["Ada"]));
      const undo = await ada.page.waitForSelector("#restore-undo");
      await undo.click();
      await both(4);
    });

    test("one takes back one's own only", async () => {
      await ada.keepVersion("second look");
      await row(ada, "second look");
      await draw(ada, 0.7);
      await draw(bo, 0.8);
      await both(8);
      await bo.page.click("#tab-versions");
      const version = await row(bo, "second look");
      await bo.page.click(".restore summary");
      await bo.page.select("#restore-to", await version.evaluate((row) => row.dataset.version));
      await bo.page.click("#restore-go");
      await both(6);
    });
  });
}
