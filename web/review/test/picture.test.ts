import { create, FrameStampSchema } from "@fmz/client";
import { describe, expect, test } from "vitest";
import { isOfMedia, isOnFrame } from "../src/state/picture-source";
import type { ShownFrame } from "../src/state/sight";

const shown = (over: Partial<ShownFrame> = {}): ShownFrame => ({
  ...{ media: "film", publication: "p-9-2-1", rtpTimestamp: 3750, index: 24, epoch: 1, certain: true },
  ...over,
});
const stamp = (over: Partial<{ media: string; publication: string; rtpTimestamp: bigint; frameIndex: number }> = {}) =>
  create(FrameStampSchema, { media: "film", publication: "p-0-1-1", rtpTimestamp: 77n, frameIndex: 24, epoch: 5, ...over });
const live = (publication: string) => {
  const { media, rtpTimestamp, epoch } = stamp({ media: "m-7", rtpTimestamp: 3750n });
  return create(FrameStampSchema, { media, publication, rtpTimestamp, epoch });
};

describe("media22: a mark is on a frame", () => {
  test("of its media, whichever publication brings it", () => {
    expect(isOnFrame(stamp(), shown())).toBe(true);
    expect(isOnFrame(stamp({ frameIndex: 25 }), shown())).toBe(false);
    expect(isOnFrame(stamp({ media: "other" }), shown())).toBe(false);
  });

  test("never if it is older than media, or nothing is shown", () => {
    const old = stamp({ media: "", publication: "p-9-2-1", rtpTimestamp: 3750n });
    expect(isOnFrame(old, shown())).toBe(false);
    expect(isOnFrame(old, shown({ media: "" }))).toBe(false);
    expect(isOnFrame(stamp(), undefined)).toBe(false);
    expect(isOnFrame(undefined, shown())).toBe(false);
  });

  test("without a number by the time that its publication gave it", () => {
    const camera = { media: "m-7", index: undefined };
    expect(isOnFrame(live("p-9-2-1"), shown(camera))).toBe(true);
    expect(isOnFrame(live("p-9-2-2"), shown(camera))).toBe(false);
    expect(isOnFrame(live("p-9-2-1"), shown({ ...camera, media: "m-8" }))).toBe(false);
    expect(isOnFrame(live("p-9-2-1"), shown({ ...camera, rtpTimestamp: 3751 }))).toBe(false);
  });
});

test("media22: a mark is seen over the pictures of its media only", () => {
  expect(isOfMedia(stamp(), "film")).toBe(true);
  expect(isOfMedia(stamp(), "other")).toBe(false);
  expect(isOfMedia(live("p-9-2-1"), "m-8")).toBe(false);
  expect(isOfMedia(stamp({ media: "" }), "film")).toBe(false);
  expect(isOfMedia(stamp(), undefined)).toBe(true);
  expect(isOfMedia(create(FrameStampSchema), "film")).toBe(true);
  expect(isOfMedia(undefined, "film")).toBe(true);
});
