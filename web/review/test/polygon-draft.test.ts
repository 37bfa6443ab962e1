import { beforeEach, describe, expect, test } from "vitest";
import { PolygonDraft, VERTICES_MAX } from "../src/state/polygon-draft";
import { Sight } from "../src/state/sight";

const REACH = 100;
const frame = (index: number) => new Sight({ media: "film", publication: "p-0-1-1", rtpTimestamp: 0, index, epoch: 1, certain: true }, true);

describe("a polygon under way", () => {
  let draft: PolygonDraft;
  const put = (x: number, y: number): boolean => draft.put({ x, y }, REACH, frame(7));

  beforeEach(() => {
    draft = new PolygonDraft();
  });

  test("closes by its first vertex once there are three", () => {
    put(0, 0);
    put(1000, 0);
    expect(put(10, 10)).toBe(false);
    expect(draft.vertices.value).toHaveLength(3);
    expect(put(60, -60)).toBe(true);
    expect(draft.vertices.value).toHaveLength(3);
  });

  test("takes the second press of a double click for no vertex", () => {
    put(0, 0);
    put(1000, 0);
    expect(put(1020, 20)).toBe(false);
    expect(draft.vertices.value).toEqual([{ x: 0, y: 0 }, { x: 1000, y: 0 }]);
  });

  test("belongs to the frame of its first vertex", () => {
    put(0, 0);
    draft.put({ x: 500, y: 500 }, REACH, frame(8));
    expect(draft.sight?.frame?.index).toBe(7);
    draft.drop();
    draft.put({ x: 0, y: 0 }, REACH, frame(9));
    expect(draft.sight?.frame?.index).toBe(9);
  });

  test("gives up its vertices from the last, and is gone with the first", () => {
    put(0, 0);
    put(1000, 0);
    draft.aim.value = { x: 5, y: 5 };
    draft.removeLast();
    expect([draft.active, draft.vertices.value, draft.aim.value]).toEqual([true, [{ x: 0, y: 0 }], { x: 5, y: 5 }]);
    draft.removeLast();
    expect([draft.active, draft.sight, draft.aim.value]).toEqual([false, undefined, undefined]);
  });

  test("takes as many vertices as one append holds", () => {
    for (let at = 0; at <= VERTICES_MAX; at += 1) put(at * 1000, 5000 * (at % 2));
    expect(draft.vertices.value).toHaveLength(VERTICES_MAX);
    expect(put(0, 0)).toBe(true);
  });
});
