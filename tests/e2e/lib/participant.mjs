import { PATIENCE_MS, PICTURES_MS } from "./deadline.mjs";
import { frameOf, installFrameProbe } from "./frame-code.mjs";
import { open, PICTURE } from "./browsers.mjs";

/** Grid units to a picture's width. */
const GRID_WIDTH = 16_384;
const POLL_MS = 50;

/** A person in a room: a browser of their own with the page, driven by pointer and keys. */
export class Participant {
  constructor(name, handle, page) {
    Object.assign(this, { name, handle, page });
  }

  /** Opens the room's link, enters the name, and waits until the room is open. */
  static async join(kind, name, server, options = {}) {
    const participant = await Participant.arrive(kind, name, server, options);
    await participant.until("the room is open", () => window.fmz?.connection === "open");
    return participant;
  }

  /**
   * Opens the link and enters, but waits for nothing more. `before` lists functions with their
   * arguments that run in the page before its own code.
   */
  static async arrive(kind, name, server, { size = PICTURE, before = [], ...link } = {}) {
    const handle = await open(kind, size);
    const page = await handle.browser.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.evaluateOnNewDocument(installFrameProbe);
    for (const [run, ...given] of before) await page.evaluateOnNewDocument(run, ...given);
    await page.goto(await server.link(name, link));
    const button = await page.waitForSelector("#join-button");
    await button.click();
    return new Participant(name, handle, page);
  }

  /** Waits until `condition` holds in the page. It must not use variables from outside. */
  async until(what, condition, ...given) {
    const options = { polling: POLL_MS, timeout: PATIENCE_MS };
    try {
      return await this.page.waitForFunction(condition, options, ...given);
    } catch (cause) {
      const state = JSON.stringify(await this.state().catch((error) => error.message));
      throw new Error(`${this.name} (${this.handle.kind}) waited for: ${what}\nstate: ${state}`, { cause });
    }
  }

  /** Returns the page's state in plain values. */
  async state() {
    return this.page.evaluate(() => {
      const { connection, media, path, ended, self, author, revision, pending, objects, frame, presented } = window.fmz;
      const participants = window.fmz.participants.map(({ participant, name }) => ({ participant, name }));
      const rect = { ...window.fmz.rect };
      return { connection, media, path, ended, self, author, revision, pending, objects, participants, frame, presented, rect };
    });
  }

  async objects() {
    return (await this.state()).objects;
  }

  /** Waits until the page has all of `marks`, found by their ids, finished and confirmed. */
  async untilMarks(marks) {
    const expected = marks.map(({ author, counter }) => [author, counter]);
    await this.until(`marks ${JSON.stringify(expected)}`, hasMarks, expected);
    return this.objects();
  }

  /** Waits until the page has this many marks, all finished and confirmed by the server. */
  async untilCount(count) {
    await this.until(`${count} marks`, (count) => {
      const { objects } = window.fmz;
      const settled = objects.every(({ pending, ended, kind }) => !pending && (ended || kind !== "brush"));
      return objects.length === count && settled;
    }, count);
    return this.objects();
  }

  /** Waits for the large picture with this width in pixels. */
  async untilPicture(width) {
    await this.until(`a picture ${width} pixels wide`, (width) => {
      const video = document.querySelector("video.picture");
      return video?.videoWidth === width && window.fmz.frame !== undefined;
    }, width);
  }

  /** Waits until further pictures are presented. */
  async untilPicturesGoOn() {
    const { presented } = await this.state();
    await this.until("pictures to go on", (before) => window.fmz.presented > before + 2, presented);
  }

  /**
   * Returns the next `count` pictures: the number painted in each, and the frame that its RTP
   * timestamp gives by the page and by the rules. `named` is true if the browser ties pixels and
   * timestamp together; `frames` is the clip's length.
   */
  async pictures(count) {
    const { samples, named, maps } = await this.page.evaluate(samplePictures, count, PICTURES_MS);
    if (samples.length < count) {
      const state = JSON.stringify(await this.state());
      throw new Error(`${this.name} (${this.handle.kind}) read ${samples.length} of ${count} pictures\nstate: ${state}`);
    }
    const { frames } = maps.at(-1) ?? { frames: 0 };
    return { named, frames, all: samples.map((sample) => ({ ...sample, byRules: frameOf(maps, sample.rtpTimestamp) })) };
  }

  /**
   * Returns a place of the picture (fractions of its width and height) in whole pixels of the
   * window, and on the grid.
   */
  async place([x, y]) {
    const rect = await this.page.evaluate(() => ({ ...window.fmz.rect }));
    const at = { x: Math.round(rect.x + x * rect.width), y: Math.round(rect.y + y * rect.height) };
    const unit = GRID_WIDTH / rect.width;
    return { ...at, grid: [Math.round((at.x - rect.x) * unit), Math.round((at.y - rect.y) * unit)] };
  }

  /** Chooses a tool by its button. */
  async choose(tool) {
    await this.page.click(`#tool-${tool}`);
  }

  /** Chooses one of the eight colours by its key. */
  async color(number) {
    await this.page.keyboard.press(String(number));
  }

  /** Presses at the first place, drags through the others and lifts; returns the places. */
  async drag(...route) {
    const places = [];
    for (const spot of route) places.push(await this.place(spot));
    const [first, ...others] = places;
    const { mouse } = this.page;
    await mouse.move(first.x, first.y);
    await mouse.down();
    for (const { x, y } of others) await mouse.move(x, y, { steps: 4 });
    await mouse.up();
    return places;
  }

  /** Clicks with the text tool and types. */
  async write(spot, text) {
    const place = await this.place(spot);
    await this.page.mouse.click(place.x, place.y);
    await this.until("the text can be typed", () => document.activeElement?.id === "text-entry");
    await this.page.keyboard.type(text);
    await this.page.keyboard.press("Enter");
    return place;
  }

  /** Keeps a version under a name, and waits until the page lists it. */
  async keepVersion(name) {
    await this.page.click("#tab-versions");
    await this.page.type("#version-name", name);
    await this.page.click("#version-keep");
    await this.page.waitForSelector(".version");
  }

  async undo() {
    await this.chord("z");
  }

  async chord(key) {
    await this.page.keyboard.down("Control");
    await this.page.keyboard.press(key);
    await this.page.keyboard.up("Control");
  }

  /** Waits until a finished mark of the colour (`#rrggbb`) is painted over a place of the grid. */
  async untilPainted(grid, color) {
    await this.until(`${color} painted at ${grid}`, isPainted, grid, color);
  }

  /** Waits until nothing is painted over a place of the grid. */
  async untilBare(grid) {
    await this.until(`nothing painted at ${grid}`, (grid) => {
      const { x, y, width } = window.fmz.rect;
      const canvas = document.querySelector("canvas.overlay:not(.input)");
      const { left, top } = canvas.getBoundingClientRect();
      const at = grid.map((units) => (units * width) / 16384);
      const [px, py] = [x + at[0] - left, y + at[1] - top].map((value) => Math.round(value * devicePixelRatio));
      return canvas.getContext("2d").getImageData(px, py, 1, 1).data[3] === 0;
    }, grid);
  }

  /** Takes a picture of the window. The name's ending chooses the format, `.png` or `.jpg`. */
  async screenshot(path) {
    await this.page.screenshot(path.endsWith(".jpg") ? { path, type: "jpeg", quality: 85 } : { path });
  }

  /** Closes the browser, as a person does who goes home. */
  async leave() {
    await this.handle.end();
  }
}

/** Runs in the page. */
function hasMarks(expected) {
  return expected.every(([author, counter]) =>
    window.fmz.objects.some(
      (mark) =>
        mark.author === author &&
        mark.counter === counter &&
        !mark.pending &&
        (mark.ended || mark.kind !== "brush"),
    ),
  );
}

/**
 * Runs in the page: compares a pixel of the overlay with a colour, with tolerance for smoothed
 * edges.
 */
function isPainted(grid, color) {
  const { x, y, width } = window.fmz.rect;
  const canvas = document.querySelector("canvas.overlay:not(.input)");
  const { left, top } = canvas.getBoundingClientRect();
  const at = grid.map((units) => (units * width) / 16384);
  const [px, py] = [x + at[0] - left, y + at[1] - top].map((value) => Math.round(value * devicePixelRatio));
  const [red, green, blue, alpha] = canvas.getContext("2d").getImageData(px, py, 1, 1).data;
  const wanted = [1, 3, 5].map((index) => parseInt(color.slice(index, index + 2), 16));
  return alpha > 200 && [red, green, blue].every((value, index) => Math.abs(value - wanted[index]) < 40);
}

/**
 * Runs in the page. Maps are gathered while pictures come, because each loop of the clip brings a
 * new one.
 */
async function samplePictures(count, ms) {
  const maps = new Map();
  const gather = () => {
    const main = window.fmz.publications.find(({ publication }) => publication === window.fmz.main);
    for (const { epoch, rtpBase, frameBase, num, den, speed, frames } of main?.frameMaps ?? []) {
      maps.set(epoch, { epoch, rtpBase, frameBase, num, den, speed, frames });
    }
  };
  gather();
  const timer = setInterval(gather, 100);
  const video = document.querySelector("video.picture");
  const { named, sample } = window.frameProbe;
  const samples = await sample(video, count, ms, (rtpTimestamp) => ({ byPage: window.fmz.frameAt(rtpTimestamp)?.index }));
  clearInterval(timer);
  gather();
  return { samples, named, maps: [...maps.values()] };
}
