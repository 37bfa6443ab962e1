/** ShareDB with its default type (json0), its database and its publisher in memory. */
import WebSocketJSONStream from "@teamwork/websocket-json-stream";
import ShareDB from "sharedb";
import { Connection } from "sharedb/lib/client/index.js";
import { WebSocket } from "ws";
import { listen } from "../listen.mjs";

const COLLECTION = "rooms";

export async function serve(room) {
  const backend = new ShareDB();
  const doc = backend.connect().get(COLLECTION, room);
  await called((done) => doc.create({ strokes: {} }, done));
  return listen((socket) => backend.listen(new WebSocketJSONStream(socket)));
}

export async function connect(port, room) {
  const doc = new Connection(new WebSocket(`ws://127.0.0.1:${port}`)).get(COLLECTION, room);
  await called((done) => doc.subscribe(done));
  return new Pen(doc);
}

/** A stroke is an object with a list of points; a point is one list insert. */
class Pen {
  constructor(doc) {
    this.doc = doc;
  }

  begin(id, color, width, x, y) {
    this.path = ["strokes", id, "points"];
    this.length = 1;
    this.submit({ p: ["strokes", id], oi: { color, width, points: [[x, y]] } });
  }

  append(x, y) {
    this.submit({ p: [...this.path, this.length], li: [x, y] });
    this.length += 1;
  }

  /** Returns the number of points, of all authors, in this replica. */
  points() {
    const strokes = Object.values(this.doc.data.strokes);
    return strokes.reduce((sum, stroke) => sum + stroke.points.length, 0);
  }

  submit(component) {
    this.doc.submitOp([component], (error) => {
      if (error) throw error;
    });
  }
}

const called = (call) =>
  new Promise((resolve, reject) => call((error) => (error ? reject(error) : resolve())));
