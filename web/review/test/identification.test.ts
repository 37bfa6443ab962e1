import { describe, expect, test } from "vitest";
import { Identification, type Announced, type Reading, type Sample, type Verdict } from "../src/state/identification";

const TICKS = 3_750;
const announced = (frame: number): Announced => ({ rtpTimestamp: frame * TICKS, presentedFrames: frame });
const picture = (content: number): Sample => ({ width: 1280, height: 720, pixels: Uint32Array.from([7, content, 7]) });
const reading = (frame: number, content: number, prompt = true): Reading => ({ announced: announced(frame), sample: picture(content), prompt });
const certain = (frame: number): Partial<Verdict> => ({ rtpTimestamp: frame * TICKS, certain: true });

/** The verdict on a reading of `read`, made after frame 10 was announced; then come announced frames with what is read of each. */
function verdict(read: number, ...then: readonly (readonly [frame: number, content: number])[]): Verdict | undefined {
  const identification = new Identification(picture(read), announced(10));
  return then.reduce<Verdict | undefined>(
    (known, [frame, content]) => known ?? identification.handleReading(reading(frame, content)),
    undefined,
  );
}

describe("frame13: which picture was read", () => {
  test("the one announced last, if the next differs from it", () => {
    expect(verdict(10, [11, 11], [12, 12])).toMatchObject(certain(10));
  });

  test("the next one, if the element had moved on", () => {
    expect(verdict(11, [11, 11], [12, 12])).toMatchObject(certain(11));
  });

  test("is not known before two more were announced", () => {
    expect(verdict(10)).toBeUndefined();
    expect(verdict(10, [11, 11])).toBeUndefined();
  });

  test("the next one also if pictures before it were left out", () => {
    expect(verdict(12, [12, 12], [13, 13])).toMatchObject(certain(12));
  });

  test("is uncertain if one was left out that it may be", () => {
    expect(verdict(10, [12, 12], [13, 13])).toMatchObject({ ...certain(10), certain: false });
    expect(verdict(11, [12, 12], [13, 13])).toMatchObject({ ...certain(10), certain: false });
  });

  test("is uncertain if the next was itself read late", () => {
    expect(verdict(10, [11, 12], [12, 12])?.certain).toBe(false);
    expect(verdict(11, [11, 12], [12, 12])?.certain).toBe(false);
  });

  test("is uncertain if nothing shows that the next was read in time", () => {
    expect(verdict(11, [11, 11], [13, 13])?.certain).toBe(false);
    expect(verdict(10, [11, 12], [13, 13])?.certain).toBe(false);
  });

  test("is uncertain if the picture stands still, and may be any of those", () => {
    expect(verdict(5, [11, 5], [12, 5])).toEqual({ rtpTimestamp: 11 * TICKS, certain: false, among: [10, 11, 12].map((frame) => frame * TICKS) });
  });

  test("is uncertain if the picture changes its size", () => {
    const identification = new Identification({ ...picture(11), width: 640 }, announced(10));
    identification.handleReading(reading(11, 11));
    expect(identification.handleReading(reading(12, 12))?.certain).toBe(false);
  });

  test("takes a third reading if the first was not prompt", () => {
    const identification = new Identification(picture(11), announced(10));
    // Both came late: they differ from each other, and from what was read.
    expect(identification.handleReading(reading(11, 12, false))).toBeUndefined();
    expect(identification.handleReading(reading(12, 13, false))).toBeUndefined();
    expect(identification.handleReading(reading(13, 13))?.certain).toBe(false);
  });

  test("the one announced last, if no other comes", () => {
    expect(new Identification(picture(10), announced(10)).end()).toMatchObject(certain(10));
  });

  test("of the one and the only next, if none comes after it", () => {
    const end = (read: number): Verdict => {
      const identification = new Identification(picture(read), announced(10));
      identification.handleReading(reading(11, 11));
      return identification.end();
    };
    expect(end(10)).toMatchObject(certain(10));
    expect(end(11)).toMatchObject(certain(11));
  });
});
