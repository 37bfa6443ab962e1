import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { blockDatagrams, keepChannels } from "./lib/faults.mjs";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

for (const kind of ["chromium", "firefox"]) {
  describe(`ops without data channels, ${kind}`, () => {
    let server;
    let ada;
    let bo;

    before(async () => {
      server = await Server.serve();
      bo = await Participant.join("chromium", "Bo", server);
      await bo.until("the channel for ops is open", () => window.fmz.path === "ops");
    });

    after(async () => {
      await ada?.leave();
      await bo?.leave();
      await server?.stop();
    });

    const throughTheSocket = async (marksBefore) => {
      assert.equal((await ada.state()).path, "websocket");
      await ada.choose("brush");
      await ada.drag([0.2, 0.3], [0.4, 0.4]);
      for (const one of [ada, bo]) await one.untilCount(marksBefore + 1);
      await bo.choose("rectangle");
      await bo.drag([0.5, 0.3], [0.6, 0.4]);
      for (const one of [ada, bo]) await one.untilCount(marksBefore + 2);
      assert.deepEqual(await ada.objects(), await bo.objects());
    };

    test("a page that opens none sends over the WebSocket", async () => {
      ada = await Participant.join(kind, "Ada", server, { query: "?channels=off" });
      await throughTheSocket(0);
      await ada.leave();
    });

    test("a page that no datagram reaches sends over the WebSocket", async () => {
      ada = await Participant.join(kind, "Ada", server, { before: blockDatagrams });
      await throughTheSocket(2);
      await ada.leave();
    });

    test("a channel that breaks while somebody draws loses and doubles nothing", async () => {
      ada = await Participant.join(kind, "Ada", server, { before: [[keepChannels]] });
      await ada.until("the channel for ops is open", () => window.fmz.path === "ops");
      await ada.choose("brush");
      const places = [await ada.place([0.2, 0.6]), await ada.place([0.5, 0.8])];
      const { mouse } = ada.page;
      await mouse.move(places[0].x, places[0].y);
      await mouse.down();
      await mouse.move(places[1].x, places[1].y, { steps: 20 });
      await ada.page.evaluate(() => window.channels.forEach((channel) => channel.close()));
      await mouse.move(places[0].x, places[0].y, { steps: 20 });
      await mouse.up();
      await ada.until("ops go over the WebSocket", () => window.fmz.path === "websocket");
      for (const one of [ada, bo]) await one.untilCount(5);
      const [mine, theirs] = [await ada.objects(), await bo.objects()];
      assert.deepEqual(theirs, mine);
      assert.deepEqual(mine.at(-1).points.at(-1), places[0].grid);
    });
  });
}
