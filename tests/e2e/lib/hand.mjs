/**
 * Steps in each part of a round. Each step is a pointer event, and so an op if it draws or drags.
 */
const STROKE_STEPS = 100;
const DRAG_STEPS = 90;
const SHORT_STEPS = 15;
/**
 * Pointer events between two frames of the page. A browser delivers one, at which ten thousand
 * would take minutes.
 */
const EVENTS_A_FRAME = 6;
/**
 * Rounds from one word in the shared text to the next: finding the text takes longer than writing.
 */
const ROUNDS_A_WORD = 2;

/** Objects on which both people work: the upper edge of a wide rectangle, and a text. */
const RECTANGLE = [[0.3, 0.45], [0.7, 0.55]];
const EDGE = [0.5, 0.45];
const TEXT = { spot: [0.4, 0.5], inside: [0.41, 0.5], words: "shared" };

/** Draws the objects that two hands share. */
export async function prepare(one) {
  await one.choose("rectangle");
  await one.drag(...RECTANGLE);
  await one.choose("text");
  await one.write(TEXT.spot, TEXT.words);
}

/**
 * A person who draws, drags, writes, deletes and undoes without a pause. The hand counts the
 * expected results: `kept` marks, strokes with the pen's first and last place, and letters in the
 * shared text. Each drag ends at its start, so a shared mark that was moved thousands of times is
 * at its old place unless a move was lost or applied twice.
 */
export class Hand {
  kept = 0;
  letters = 0;
  strokes = [];
  #round = 0;

  /** Sets the upper edge of this hand's part of the picture, and the letter that it writes. */
  constructor(one, { top, letter }) {
    Object.assign(this, { one, top, letter });
  }

  /** Works until the page holds this revision; returns the paths that ops took meanwhile. */
  async drawUntil(revision) {
    const paths = new Set();
    for (;;) {
      const now = await this.one.page.evaluate(() => ({ revision: window.fmz.revision, path: window.fmz.path }));
      paths.add(now.path);
      if (now.revision >= revision) return [...paths];
      await this.#drawRound();
    }
  }

  async #drawRound() {
    this.#round += 1;
    await this.#tool("b");
    this.strokes.push(await this.#press(this.#route(), STROKE_STEPS));
    this.kept += 1;
    await this.#dragShared();
    await this.#tool("b");
    await this.#scribble();
    await this.one.undo();
    await this.#frame();
    if (this.#round % ROUNDS_A_WORD === 0) await this.#writeWord();
  }

  /** Chooses a tool by its key, which is quicker than by its button. */
  async #tool(key) {
    await this.one.page.keyboard.press(key);
  }

  /** Returns a zigzag within this hand's part, a different one each round. */
  #route() {
    const shift = (this.#round % 20) / 200;
    return [[0.2, 0.02], [0.6, 0.08], [0.2, 0.11], [0.6, 0.15]].map(([x, y]) => [x + shift, this.top + y]);
  }

  async #dragShared() {
    await this.#tool("v");
    await this.#press([EDGE, [EDGE[0] + 0.1, EDGE[1]], EDGE], DRAG_STEPS);
  }

  /**
   * Presses and lifts as a person does, but moves faster in between. Returns start and end on the
   * grid.
   */
  async #press(route, steps) {
    const places = [];
    for (const spot of route) places.push(await this.one.place(spot));
    const [first, last] = [places[0], places.at(-1)];
    const { page } = this.one;
    await page.evaluate(rememberPress);
    await page.mouse.move(first.x, first.y);
    await page.mouse.down();
    await page.evaluate(moveThrough, places, steps, EVENTS_A_FRAME);
    await page.mouse.move(last.x, last.y);
    await page.mouse.up();
    return [first.grid, last.grid];
  }

  /** Draws a short stroke, every event of which comes from the browser. */
  async #scribble() {
    const [from, to] = [await this.one.place([0.3, this.top]), await this.one.place([0.5, this.top + 0.1])];
    const { mouse } = this.one.page;
    await mouse.move(from.x, from.y);
    await mouse.down();
    await mouse.move(to.x, to.y, { steps: SHORT_STEPS });
    await mouse.up();
  }

  /** Draws a rectangle of this hand's own; deletes every other one again. */
  async #frame() {
    const [x, y] = [0.72 + (this.#round % 5) / 50, this.top + 0.04];
    await this.#tool("r");
    await this.one.drag([x, y], [x + 0.015, y + 0.05]);
    this.kept += 1;
    if (this.#round % 2 === 0) return;
    await this.#tool("v");
    const edge = await this.one.place([x + 0.007, y]);
    await this.one.page.mouse.click(edge.x, edge.y);
    await this.one.page.keyboard.press("Delete");
    this.kept -= 1;
  }

  /** Writes a letter at the end of the shared text. */
  async #writeWord() {
    const { one } = this;
    await this.#tool("v");
    const { x, y } = await one.place(TEXT.inside);
    await one.page.evaluate(clickTwice, x, y);
    await one.until("the text can be changed", () => document.activeElement?.id === "text-entry");
    await one.page.keyboard.press("End");
    await one.page.keyboard.type(this.letter.repeat(5));
    await one.page.keyboard.press("Enter");
    this.letters += 5;
  }
}

/** Runs in the page: keeps the event of the next press in `window.press`. */
export function rememberPress() {
  const keep = (event) => {
    window.press = event;
  };
  document.addEventListener("pointerdown", keep, { capture: true, once: true });
}

/**
 * Runs in the page: moves the pressed pointer from place to place, with several events before each
 * frame.
 */
async function moveThrough(places, steps, eventsAFrame) {
  const { target, pointerId, pointerType } = window.press;
  let events = 0;
  for (const [index, to] of places.slice(1).entries()) {
    const from = places[index];
    for (let step = 1; step <= steps; step += 1) {
      const at = (axis) => from[axis] + ((to[axis] - from[axis]) * step) / steps;
      const init = { bubbles: true, pointerId, pointerType, buttons: 1, clientX: at("x"), clientY: at("y") };
      target.dispatchEvent(new PointerEvent("pointermove", init));
      events += 1;
      if (events % eventsAFrame === 0) await new Promise(requestAnimationFrame);
    }
  }
}

/** Runs in the page: double-clicks, for which a busy machine's pointer is too slow. */
function clickTwice(clientX, clientY) {
  const init = { bubbles: true, clientX, clientY };
  document.elementFromPoint(clientX, clientY).dispatchEvent(new MouseEvent("dblclick", init));
}
