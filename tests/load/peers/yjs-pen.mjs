import * as Y from "yjs";

/** Kind of a sync message of `y-protocols` that carries a change. */
const UPDATE = 2;

/**
 * A pen whose stroke is a map with an array of coordinates. A point is one push of two numbers, and
 * each change is one point.
 */
export class YjsPen {
  constructor(doc) {
    this.doc = doc;
    this.strokes = doc.getMap("strokes");
  }

  begin(id, color, width, x, y) {
    this.doc.transact(() => {
      const stroke = this.strokes.set(id, new Y.Map());
      stroke.set("color", color);
      stroke.set("width", width);
      this.coordinates = stroke.set("points", new Y.Array());
      this.append(x, y);
    });
  }

  append(x, y) {
    this.coordinates.push([x, y]);
  }

  /**
   * Stops applying changes, and counts them instead, by the kinds given to `receive`. This pen's
   * own changes come back too.
   */
  onlyCount() {
    this.counted = this.points();
  }

  receive(kind) {
    if (kind === UPDATE) this.counted += 1;
  }

  /** Returns the number of points, of all authors, that this replica holds or has counted. */
  points() {
    if (this.counted !== undefined) return this.counted;
    let coordinates = 0;
    for (const stroke of this.strokes.values()) coordinates += stroke.get("points").length;
    return coordinates / 2;
  }
}

/** Resolves when the callback given to `listen` is called. */
export const once = (listen) => new Promise((resolve) => listen(resolve));
