import { readFile } from "node:fs/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { FrameMapSchema, FrameMapState, type FrameMap } from "../src/gen/fmz/v1/session_pb";
import { RtpUnwrapper, samePicture, signedDistance } from "../src/core/frames";
import { frameOf, timecode } from "../src/web/frames";
import { loadReplica } from "../src/web/replica";

const WRAP = 2 ** 32;

await loadReplica(await readFile(new URL("../src/wasm/fmz_participant_bg.wasm", import.meta.url)));

function map(fields: MessageInitShape<typeof FrameMapSchema> = {}): FrameMap {
  const playing = { state: FrameMapState.PLAYING, speed: 100, num: 24, den: 1, epoch: 1 };
  return create(FrameMapSchema, { ...playing, ...fields });
}

describe("frame of a picture", () => {
  test.each([
    [24, 1],
    [24000, 1001],
    [25, 1],
    [30000, 1001],
    [60000, 1001],
    [120000, 1001],
  ])("at %i/%i every frame comes back from its nearest tick, over the wrap", (num, den) => {
    const maps = [map({ num, den, rtpBase: WRAP - 1_000_000, frameBase: 5 })];
    for (let frame = 0; frame < 20_000; frame += 7) {
      const ticks = Math.round((frame * 90_000 * den) / num);
      expect(frameOf(maps, (WRAP - 1_000_000 + ticks) % WRAP)?.index).toBe(frame + 5);
    }
  });

  test("the newest map that has begun applies", () => {
    const loop = 3750 * 240;
    const maps = [map(), map({ epoch: 2, rtpBase: loop })];
    expect(frameOf(maps, loop - 3750)).toEqual({ index: 239, epoch: 1 });
    expect(frameOf(maps, loop)).toEqual({ index: 0, epoch: 2 });
  });

  test("outside the map there is none", () => {
    const maps = [map({ rtpBase: 90_000, frames: 240 })];
    expect(frameOf(maps, 89_999)).toBeUndefined();
    expect(frameOf(maps, 90_000 + 3750 * 240)).toBeUndefined();
    expect(frameOf([], 0)).toBeUndefined();
  });

  test("a paused map shows one frame, a reversed one counts down", () => {
    expect(frameOf([map({ state: FrameMapState.PAUSED, frameBase: 7 })], 1_000_000)?.index).toBe(7);
    const reverse = [map({ speed: -200, frameBase: 10 })];
    expect(frameOf(reverse, 3750)?.index).toBe(8);
    expect(frameOf(reverse, 3750 * 6)).toBeUndefined();
  });

  test("a timestamp that was carried on beyond the wrap names the same frame", () => {
    expect(frameOf([map()], 3 * WRAP + 3750 * 7)).toEqual({ index: 7, epoch: 1 });
  });

  test("a map that is none gives no frame", () => {
    expect(frameOf([map({ den: 0 })], 0)).toBeUndefined();
    expect(timecode(map({ den: 0 }), 0)).toBe("");
  });
});

describe("RTP timestamps", () => {
  test("go on beyond the wrap, and back", () => {
    const unwrapper = new RtpUnwrapper();
    expect([WRAP - 10, 5, WRAP - 1, 20].map((value) => unwrapper.unwrap(value))).toEqual([
      WRAP - 10,
      WRAP + 5,
      WRAP - 1,
      WRAP + 20,
    ]);
  });

  test("name one picture whichever way they were unwrapped", () => {
    expect(samePicture(5, 3 * WRAP + 5)).toBe(true);
    expect(samePicture(5, 6)).toBe(false);
    expect(signedDistance(WRAP - 1, 0)).toBe(1);
    expect(signedDistance(0, WRAP / 2)).toBe(-WRAP / 2);
  });
});

describe("timecode", () => {
  test.each([
    [1799, "00:00:59;29"],
    [1800, "00:01:00;02"],
    [17981, "00:09:59;29"],
    [17982, "00:10:00;00"],
    [19782, "00:11:00;02"],
    [107892, "01:00:00;00"],
    [2589408, "00:00:00;00"],
  ])("29.97 drop-frame: frame %i is %s", (frame, label) => {
    expect(timecode(map({ num: 30000, den: 1001, dropFrame: true }), frame)).toBe(label);
  });

  test.each([
    [3599, "00:00:59;59"],
    [3600, "00:01:00;04"],
    [35964, "00:10:00;00"],
    [215784, "01:00:00;00"],
  ])("59.94 drop-frame: frame %i is %s", (frame, label) => {
    expect(timecode(map({ num: 60000, den: 1001, dropFrame: true }), frame)).toBe(label);
  });

  test("23.976 drops nothing, and starts where the map says", () => {
    expect(timecode(map({ num: 24000, den: 1001 }), 1502234)).toBe("17:23:13:02");
    expect(timecode(map({ startTimecode: 86400 }), 295)).toBe("01:00:12:07");
  });

  test("frame8: other rates are labelled at the next whole one, and drop nothing", () => {
    expect(timecode(map({ num: 243, den: 10 }), 25)).toBe("00:00:01:00");
    expect(timecode(map({ num: 25, dropFrame: true }), 1500)).toBe("00:01:00:00");
  });
});
