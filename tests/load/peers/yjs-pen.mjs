import * as Y from "yjs";

/** The part of a sync message that says what it is, of `y-protocols`: a change of somebody's. */
const UPDATE = 2;

/**
 * A stroke is a map with an array of coordinates; a point is one push of two. Every
 * change is one point.
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
   * From here on takes no more changes in, but counts those that `receive` is given the kind
   * of: its own come back too.
   */
  onlyCount() {
    this.counted = this.points();
  }

  receive(kind) {
    if (kind === UPDATE) this.counted += 1;
  }

  /** Points that this replica holds or has counted, of everyone. */
  points() {
    if (this.counted !== undefined) return this.counted;
    let coordinates = 0;
    for (const stroke of this.strokes.values()) coordinates += stroke.get("points").length;
    return coordinates / 2;
  }
}

/** Resolves when `listen`'s callback is called. */
export const once = (listen) => new Promise((resolve) => listen(resolve));
