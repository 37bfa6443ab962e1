import { describe, expect, test } from "vitest";
import { Readings, type Announced, type Reading, type Sample, type Verdict } from "../src/state/identification";

const TICKS = 3_750;
const announced = (frame: number): Announced => ({ rtpTimestamp: frame * TICKS, presentedFrames: frame });
const sample = (content: number, width = 1280): Sample => ({ width, height: 720, pixels: Uint32Array.from([7, content, 7]) });
const certain = (frame: number): Partial<Verdict> => ({ rtpTimestamp: frame * TICKS, certain: true });

/**
 * An event after a press: a picture is announced and the element is sampled in that callback, or at
 * another moment.
 */
type Step = { readonly announced: number; readonly shown: number; readonly prompt: boolean } | { readonly shown: number } | "standing";

/** A callback that announces a picture, which the element shows if nothing else is said. */
const late = (frame: number, shown = frame): Step => ({ announced: frame, shown, prompt: false });
const prompt = (frame: number, shown = frame): Step => ({ announced: frame, shown, prompt: true });
const sampled = (shown: number): Step => ({ shown });
/** Twenty callbacks from frame 11 on, each with what the element shows. */
const twenty = (shown: (frame: number) => number): Step[] => Array.from({ length: 20 }, (_, index) => late(11 + index, shown(11 + index)));

function handle(readings: Readings, step: Step): void {
  if (step === "standing") readings.handleStanding();
  else if ("announced" in step) readings.handleAnnounced(announced(step.announced), sample(step.shown), step.prompt);
  else readings.handleSample(sample(step.shown));
}

/**
 * The first verdict on a press that showed `shown`, after frame 10 was announced
 * and then the steps came.
 */
function verdict(shown: number, ...steps: readonly Step[]): Verdict | undefined {
  const readings = new Readings(announced(10));
  const reading = readings.handleSample(sample(shown));
  let known = readings.verdict(reading);
  for (const step of steps) {
    if (known) break;
    handle(readings, step);
    known = readings.verdict(reading);
  }
  return known;
}

describe("frame13: which picture was read", () => {
  test("the one announced last, if the element is seen to move on before the next is announced", () => {
    expect(verdict(10, sampled(10), sampled(11), late(11))).toMatchObject(certain(10));
  });

  test("is not known before the next is announced", () => {
    expect(verdict(10, sampled(11))).toBeUndefined();
  });

  test("is not known if the next one was perhaps read late", () => {
    expect(verdict(10, late(11))).toBeUndefined();
    expect(verdict(10, late(11), late(12))).toBeUndefined();
    expect(verdict(10, late(11, 12), late(12), late(13, 14), late(14))).toBeUndefined();
  });

  test("the one announced last, if three callbacks in a row read different pictures", () => {
    expect(verdict(10, late(11), late(12), late(13))).toMatchObject(certain(10));
  });

  test("the one announced last, if two do and the first was prompt", () => {
    expect(verdict(10, prompt(11))).toBeUndefined();
    expect(verdict(10, prompt(11), late(12))).toMatchObject(certain(10));
  });

  test("the one announced last, if a later picture proves that none was read late", () => {
    expect(verdict(10, late(11), late(12), sampled(13), late(13))).toMatchObject(certain(10));
    expect(verdict(10, late(11, 12), late(12), sampled(13), late(13))).toBeUndefined();
  });

  test("the next one, if the element had moved on, and the pictures after it differ", () => {
    expect(verdict(11, late(11), late(12))).toBeUndefined();
    expect(verdict(11, late(11), late(12), late(13))).toMatchObject(certain(11));
  });

  test("the next one, if the element was seen to move on before the press", () => {
    const readings = new Readings(announced(10));
    readings.handleSample(sample(10));
    const reading = readings.handleSample(sample(11));
    handle(readings, late(11));
    expect(readings.verdict(reading)).toMatchObject(certain(11));
  });

  test("is uncertain if it may be one that was left out", () => {
    const leftOut = twenty((frame) => frame).slice(1);
    expect(verdict(10, ...leftOut)?.certain).toBe(false);
    expect(verdict(11, ...leftOut)?.certain).toBe(false);
  });

  test("the one announced last also if another was left out, if each was seen", () => {
    expect(verdict(10, sampled(11), sampled(12), late(12))).toMatchObject({ ...certain(10), between: false });
  });

  test("one that was seen and never announced has the time between", () => {
    const readings = new Readings({ rtpTimestamp: 2 ** 32 - TICKS, presentedFrames: 10 });
    readings.handleSample(sample(10));
    const reading = readings.handleSample(sample(11));
    readings.handleSample(sample(12));
    readings.handleAnnounced({ rtpTimestamp: TICKS, presentedFrames: 12 }, sample(12), false);
    expect(readings.verdict(reading)).toMatchObject({ rtpTimestamp: 0, certain: true, between: true });
  });

  test("is uncertain if each picture is held for two frames", () => {
    expect(verdict(5, ...twenty((frame) => Math.floor(frame / 2)))?.certain).toBe(false);
    expect(verdict(6, ...twenty((frame) => Math.floor((frame + 1) / 2)))?.certain).toBe(false);
  });

  test("is uncertain if the picture stands still, and may be either", () => {
    const among = [announced(10), announced(11)];
    expect(verdict(5, ...twenty(() => 5))).toEqual({ rtpTimestamp: 11 * TICKS, certain: false, among, between: false });
  });

  test("is uncertain if the picture changes its size", () => {
    const readings = new Readings(announced(10));
    const reading = readings.handleSample(sample(10, 640));
    readings.handleSample(sample(11));
    handle(readings, late(11));
    expect(readings.verdict(reading)?.certain).toBe(false);
  });

  test("is uncertain if more pictures were seen than can have been", () => {
    expect(verdict(10, sampled(11), sampled(12), late(11, 12))?.certain).toBe(false);
  });

  test("the one announced last, if no other comes", () => {
    expect(verdict(10, "standing")).toMatchObject(certain(10));
  });

  test("the one announced last, if one more comes and differs", () => {
    expect(verdict(10, late(11), "standing")).toMatchObject(certain(10));
  });

  test("is not certain as long as none is announced", () => {
    const readings = new Readings(announced(10));
    expect(readings.verdictNow(readings.handleSample(sample(10)))).toMatchObject({ certain: false, among: [announced(10)] });
  });

  test("of several readings each has its own verdict", () => {
    const readings = new Readings(announced(10));
    const read = (shown: number): Reading => readings.handleSample(sample(shown));
    const [first, second, third] = [read(10), read(10), read(11)];
    handle(readings, late(11));
    const fourth = read(11);
    for (const step of [sampled(12), late(12)]) handle(readings, step);
    for (const [reading, frame] of [[first, 10], [second, 10], [third, 11], [fourth, 11]] as const) {
      expect(readings.verdict(reading)).toMatchObject(certain(frame));
    }
  });
});
