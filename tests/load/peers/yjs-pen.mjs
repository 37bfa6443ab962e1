import * as Y from "yjs";

/** A stroke is a map with an array of coordinates; a point is one push of two. */
export class YjsPen {
  constructor(doc) {
    this.doc = doc;
    this.strokes = doc.getMap("strokes");
  }

  begin(id, color, width) {
    this.doc.transact(() => {
      const stroke = this.strokes.set(id, new Y.Map());
      stroke.set("color", color);
      stroke.set("width", width);
      this.coordinates = stroke.set("points", new Y.Array());
    });
  }

  append(x, y) {
    this.coordinates.push([x, y]);
  }

  /** Points that this replica holds, of everyone. */
  points() {
    let coordinates = 0;
    for (const stroke of this.strokes.values()) coordinates += stroke.get("points").length;
    return coordinates / 2;
  }
}

/** Resolves when `listen`'s callback is called. */
export const once = (listen) => new Promise((resolve) => listen(resolve));
