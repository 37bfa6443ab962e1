import type { ObjectState } from "@fmz/client";
import type { Stamp } from "../state/tools";
import { boundsOf, endOf, startOf, type Shape } from "../grid/shapes";

/** Side of the square that a stamp's lines are given in, and their width there. */
export const STAMP_BOX = 24;
export const STAMP_LINE = 2.75;

/** Lines of the stamps, as SVG writes them: the same on the picture and on the buttons. */
export const STAMP_PATHS: Readonly<Record<Stamp, string>> = {
  check: "M3.5 13.5 9 19 20.5 5.5",
  cross: "M5 5 19 19M19 5 5 19",
  question: "M7 8.2a5 5 0 1 1 7.6 4.2C12.8 13.5 12 14.3 12 16M12 20.4v.1",
  attention: "M12 2.5 22.5 21H1.5ZM12 9.6v3.4M12 17.3v.1",
};
/** A stamp of a newer page: its place is shown. */
const UNKNOWN = "M4 4H20V20H4Z";

/** A stamp's lines, in grid units. */
export function stampShape(object: ObjectState): Shape {
  const bounds = boundsOf([startOf(object), endOf(object)]);
  const scale = bounds.width / STAMP_BOX;
  const line = new Path2D();
  line.addPath(new Path2D(pathOf(object.stamp)), new DOMMatrix([scale, 0, 0, scale, bounds.x, bounds.y]));
  return { fill: undefined, line, lineWidth: STAMP_LINE * scale, spine: line, bounds };
}

function pathOf(name: string): string {
  return name in STAMP_PATHS ? STAMP_PATHS[name as Stamp] : UNKNOWN;
}
