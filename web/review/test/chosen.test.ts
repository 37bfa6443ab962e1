import { create, Kind, ObjectStateSchema, type ObjectState, type Op } from "@fmz/client";
import { signal } from "@preact/signals";
import { beforeEach, expect, test } from "vitest";
import { Chosen } from "../src/state/chosen";
import { keyOf, type MarkKey } from "../src/state/marks";
import { Tools } from "../src/state/tools";

let submitted: Op["op"][];
let tools: Tools;

/** Chooses a mark of a kind, which this person may change or not. */
function chosen(kind: Kind, may = true): Chosen {
  const mark: ObjectState = create(ObjectStateSchema, { id: { author: 1, counter: 1 }, kind, start: { x: 100, y: 100 }, end: { x: 200, y: 200 } });
  const selected = signal<MarkKey | undefined>(keyOf(mark.id));
  const submit = (ops: readonly Op[]): boolean => {
    submitted.push(...ops.map(({ op }) => op));
    return true;
  };
  return new Chosen({ submit }, { selected, get: (key) => (key === keyOf(mark.id) ? mark : undefined) }, tools, { mayChange: () => may });
}
const values = (): unknown[] => submitted.map((op) => (op.case === "set" ? op.value.property?.value : op.case));

beforeEach(() => {
  submitted = [];
  tools = new Tools();
});

test("a colour and a width are for the chosen mark, and for what is drawn next", () => {
  const mark = chosen(Kind.RECTANGLE);
  mark.color(3);
  mark.stepWidth(1);
  expect(values()).toEqual([{ case: "color", value: tools.rgba }, { case: "width", value: tools.width }]);
  expect([tools.color.peek(), tools.widthStep.peek()]).toEqual([3, 3]);
});

test("a text grows by its height, a stamp around its middle", () => {
  chosen(Kind.TEXT).stepWidth(1);
  expect(values()).toEqual([{ case: "width", value: tools.textHeight }]);
  submitted = [];
  chosen(Kind.STAMP).stepWidth(1);
  const half = tools.stampSide / 2;
  expect(values()).toMatchObject([
    { case: "start", value: { x: 150 - half, y: 150 - half } },
    { case: "end", value: { x: 150 + half, y: 150 + half } },
  ]);
});

test("a mark of somebody else stays as it is", () => {
  const mark = chosen(Kind.STAMP, false);
  mark.color(2);
  mark.stepWidth(-1);
  mark.delete();
  expect([submitted, tools.color.peek(), tools.widthStep.peek()]).toEqual([[], 2, 1]);
});

test("a mark that is deleted is gone by one op", () => {
  chosen(Kind.ARROW).delete();
  expect(values()).toEqual(["setDeleted"]);
});
