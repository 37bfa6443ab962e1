import { after, before, describe, test } from "node:test";
import { judgePictures } from "./lib/judge.mjs";
import { Participant } from "./lib/participant.mjs";
import { Server } from "./lib/server.mjs";

const SIZE = { width: 3840, height: 2160 };

// Set up as for a new user: unmodified browsers, pictures from the machine's own addresses.
describe("the 4K stream of the demo room", () => {
  let server;

  before(async () => {
    server = await Server.demo("--media-listen", "0.0.0.0:0", "--frames", "72");
  });

  after(async () => {
    await server?.stop();
  });

  // Two cores can run only one decoder of 4K pictures at a time.
  for (const kind of ["chromium", "firefox as installed"]) {
    test(`${kind} decodes it, each picture the frame that its time says`, async () => {
      const ada = await Participant.join(kind, "Ada", server);
      try {
        await ada.untilPicture(SIZE.width);
        judgePictures(await ada.pictures(60), SIZE);
      } finally {
        await ada.leave();
      }
    });
  }
});
