import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

/**
 * Runs in the page: samples the next pictures of a video; returns the number that differ in time,
 * and whether any shows more than one grey.
 */
async function watch(selector, count) {
  const video = document.querySelector(selector);
  const canvas = Object.assign(document.createElement("canvas"), { width: 64, height: 64 });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  const times = new Set();
  let alive = false;
  for (let seen = 0; seen < count; seen += 1) {
    const { rtpTimestamp } = await new Promise((resolve) => {
      video.requestVideoFrameCallback((_now, metadata) => resolve(metadata));
    });
    times.add(rtpTimestamp);
    context.drawImage(video, 0, 0, 64, 64);
    const greens = context.getImageData(0, 0, 64, 64).data.filter((_, index) => index % 4 === 1);
    alive ||= Math.max(...greens) - Math.min(...greens) > 30;
  }
  return { different: times.size, alive };
}

for (const [sending, receiving] of [["chromium", "firefox"], ["firefox", "chromium"]]) {
  describe(`${sending} sends its camera, ${receiving} looks on`, () => {
    let server;
    let ada;
    let bo;

    before(async () => {
      server = await Server.serve();
      ada = await Participant.join(sending, "Ada", server);
      bo = await Participant.join(receiving, "Bo", server);
      for (const one of [ada, bo]) {
        await one.until("the room's transport stands", () => window.fmz.media === "connected");
      }
    });

    after(async () => {
      await ada?.leave();
      await bo?.leave();
      await server?.stop();
    });

    test("the camera's picture arrives and moves", async () => {
      await ada.page.click("#camera");
      await bo.until("a publication of Ada's", () => window.fmz.publications.length === 1);
      await bo.until("its picture", () => document.querySelector("video.picture")?.videoWidth > 0);
      const { different, alive } = await bo.page.evaluate(watch, "video.picture", 24);
      assert.ok(different > 20, `${different} of 24 pictures differ`);
      assert.ok(alive, "the picture is of one grey");
    });

    test("frame10: a mark drawn on it carries the very picture that its author saw", async () => {
      await bo.choose("rectangle");
      await bo.drag([0.3, 0.3], [0.5, 0.5]);
      const [mark] = await bo.untilCount(1);
      const main = await bo.page.evaluate(() => window.fmz.main);
      assert.equal(mark.publication, main);
      assert.ok(mark.rtpTimestamp > 0);
      await ada.untilMarks([mark]);
    });

    test("the microphone is heard of, and muted", async () => {
      await ada.page.click("#microphone");
      await bo.until("a microphone", () => window.fmz.publications.some(({ kind, muted }) => kind === 1 && !muted));
      await ada.page.click("#microphone");
      await bo.until("it is muted", () => window.fmz.publications.some(({ kind, muted }) => kind === 1 && muted));
    });

    test("the camera turned off is gone from the other's page", async () => {
      await ada.page.click("#camera");
      await bo.until("no picture", () => window.fmz.publications.every(({ kind }) => kind !== 2));
    });
  });
}
