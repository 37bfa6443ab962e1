import { describe, expect, test } from "vitest";
import { contain, heldInView, toGrid, toStage, zoomedAt } from "../src/grid/geometry";

const PICTURE = { width: 3840, height: 2160 };

describe("where the picture lies", () => {
  test.each([
    ["a stage of its shape", { width: 1280, height: 720 }, { x: 0, y: 0, width: 1280, height: 720 }],
    ["a tall stage", { width: 640, height: 900 }, { x: 0, y: 270, width: 640, height: 360 }],
    ["a wide stage", { width: 2000, height: 540 }, { x: 520, y: 0, width: 960, height: 540 }],
  ])("fills %s as far as it can, centred", (_, stage, rect) => {
    expect(contain(PICTURE, stage)).toEqual(rect);
  });

  test("zooming keeps what is under the pointer", () => {
    const at = { x: 300, y: 200 };
    const placed = zoomedAt({ scale: 1, x: 0, y: 0 }, 4, at);
    expect([placed.x + 300 * 4, placed.y + 200 * 4]).toEqual([at.x, at.y]);
  });

  test("a picture larger than the stage covers it, a smaller one stays centred", () => {
    const stage = { width: 1000, height: 1000 };
    const fitted = contain(PICTURE, stage);
    const placed = heldInView({ scale: 1.5, x: 900, y: 900 }, fitted, stage);
    expect(fitted.x * 1.5 + placed.x).toBeCloseTo(0);
    expect(fitted.y * 1.5 + placed.y).toBeCloseTo((1000 - fitted.height * 1.5) / 2);
  });
});

describe("the grid", () => {
  test("places keep their place on the picture at any size", () => {
    for (const rect of [
      { x: 10, y: 20, width: 1280, height: 720 },
      { x: -500, y: 3, width: 3333, height: 1874.8 },
    ]) {
      const place = toGrid(toStage({ x: 8192, y: 4608 }, rect), rect);
      expect(place).toEqual({ x: 8192, y: 4608 });
    }
  });

  test("places far off the picture stay within the wire's range", () => {
    const rect = { x: 0, y: 0, width: 1, height: 1 };
    expect(toGrid({ x: 1e9, y: -1e9 }, rect)).toEqual({ x: 262_144, y: -262_144 });
  });
});
