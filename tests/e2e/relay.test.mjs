import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

/**
 * Runs in the page: returns the verdicts of the connection sheet on each way, once it has tried
 * all.
 */
function verdicts() {
  const ways = [...document.querySelectorAll(".relay-ways li")];
  if (ways.length === 0 || ways.some(({ dataset }) => dataset.verdict === "running")) return undefined;
  return ways.map(({ dataset, textContent }) => ({ ...dataset, text: textContent }));
}

async function testRelay(one) {
  await one.page.click("#connection");
  await one.page.waitForSelector("#relay-test");
  await one.page.click("#relay-test");
  const handle = await one.until("each way was tried", verdicts);
  return handle.jsonValue();
}

for (const kind of ["chromium", "firefox"]) {
  // Firefox uses no relayed path to a loopback address; it uses one in the laboratory (tests/lab).
  const onLoopback = kind === "chromium";

  describe(`a relay, ${kind}`, () => {
    let server;
    let ada;

    before(async () => {
      server = await Server.demo("--size", "640x360", "--turn-listen", "127.0.0.1:0");
      ada = await Participant.join(kind, "Ada", server, onLoopback ? { query: "?relay=only" } : {});
    });

    after(async () => {
      await ada?.leave();
      await server?.stop();
    });

    if (onLoopback) {
      test("a page that is asked for relayed paths only shows the picture through one, and says so", async () => {
        await ada.until("the transport stands", () => window.fmz.media === "connected");
        await ada.until("the picture", () => document.querySelector("video.picture")?.videoWidth > 0);
        await ada.until("the relay is told", () => window.fmz.relay !== undefined);
        await ada.until("ops go over the channel", () => window.fmz.path === "ops");
        await ada.until("the page says so", () => document.querySelector(".banner")?.textContent.includes("relay"));
      });
    }

    test("each way to the relay is tried by itself and found to work", async () => {
      const ways = await testRelay(ada);
      assert.deepEqual(ways.map(({ way, verdict }) => [way, verdict]), [["udp", "works"], ["tcp", "works"]]);
    });

    test("a relay that is gone is told in words", async () => {
      // The page keeps the relays that it was told, but none answers any more.
      await server.kill();
      const again = await ada.page.evaluateHandle(() => document.querySelector("#relay-test"));
      await again.click();
      const handle = await ada.until("each way was tried again", () => {
        const ways = [...document.querySelectorAll(".relay-ways li")];
        return ways.length > 0 && ways.every(({ dataset }) => dataset.verdict === "blocked") && ways.map(({ textContent }) => textContent);
      });
      const [udp, tcp] = await handle.jsonValue();
      assert.match(udp, /blocks UDP/);
      assert.match(tcp, /No answer over TCP/);
    });
  });
}

describe("a server without a relay", () => {
  let server;
  let ada;

  before(async () => {
    server = await Server.serve("--turn-listen", "off", "--roles", "signaling,sfu");
    ada = await Participant.join("chromium", "Ada", server);
  });

  after(async () => {
    await ada?.leave();
    await server?.stop();
  });

  test("says so where the connection is looked at", async () => {
    await ada.page.click("#connection");
    await ada.until("the sheet", () => document.querySelector(".connection")?.textContent.includes("has no relay"));
  });
});
