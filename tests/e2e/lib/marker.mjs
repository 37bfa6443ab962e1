/** A person who draws on a running picture, and a judge of the frames that the marks carry. */

/**
 * Runs in the page before its own code: installs faults that a test switches on by `window.plants`,
 * to see that the judge finds them. They affect the page only, because the frame probe is installed
 * before them.
 */
export function installPlants() {
  window.plants = { offByOne: 0, blind: false, nameless: false };
  const shifted = (timestamp) => timestamp === undefined ? undefined : (timestamp + window.plants.offByOne) % 2 ** 32;
  let announced = 0;
  let reads = 0;
  const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return request.call(this, (now, metadata) => {
      announced += 1;
      reads = 0;
      const rtpTimestamp = shifted(metadata.rtpTimestamp);
      // A copy, because the browser's own object cannot be changed.
      const { presentedFrames, presentationTime, expectedDisplayTime, width, height } = metadata;
      callback(now, { rtpTimestamp, presentedFrames, presentationTime, expectedDisplayTime, width, height });
    });
  };
  const { metadata } = VideoFrame.prototype;
  if (metadata) {
    VideoFrame.prototype.metadata = function () {
      const named = metadata.call(this);
      if (window.plants.nameless) return {};
      return { ...named, rtpTimestamp: shifted(named.rtpTimestamp) };
    };
  }
  const read = CanvasRenderingContext2D.prototype.getImageData;
  CanvasRenderingContext2D.prototype.getImageData = function (x, y, width, height) {
    const image = read.call(this, x, y, width, height);
    // The page's samples look as if the picture of a press were always the one announced last, and
    // the next came right after it.
    const isSample = this.canvas.width === 256 && this.canvas.height === 144;
    if (window.plants.blind && isSample) image.data.fill((announced + Math.min(reads, 1)) % 256);
    if (isSample) reads += 1;
    return image;
  };
}

/** Makes every animation frame of the page take this many milliseconds longer. */
export async function burden(one, workMs) {
  await one.page.evaluate((workMs) => {
    const work = () => {
      const begun = performance.now();
      while (performance.now() - begun < workMs);
      requestAnimationFrame(work);
    };
    requestAnimationFrame(work);
  }, workMs);
}

/**
 * Draws dots at random moments until `marks` were drawn or `pictures` were presented, and undoes
 * each once the server has confirmed it. Returns for each mark its frame and whether that is
 * uncertain, and the numbers painted in the pictures that the element showed just before and just
 * after the press. These are equal unless the element moved on in between.
 */
export async function drawMarks(one, { marks = Infinity, pictures = Infinity, seed }) {
  await one.choose("brush");
  const drawn = await one.page.evaluate(draw, { marks: Math.min(marks, 1e9), pictures: Math.min(pictures, 1e9), seed });
  return drawn;
}

/**
 * Judges the marks of a person. `wrong` are those that are certain of a frame which none of the
 * pictures around the press has, or of another frame than their own time gives.
 */
export function judgeMarks({ drawn, frames }) {
  const isBetween = ({ frame, byTime, before, after }) => {
    if (byTime !== frame) return false;
    const [length, at] = [(after - before + frames) % frames, (frame - before + frames) % frames];
    return typeof before === "number" && typeof after === "number" && at <= length;
  };
  const certain = drawn.filter(({ uncertain }) => !uncertain);
  return {
    marks: drawn.length,
    uncertain: drawn.length - certain.length,
    exact: certain.filter(({ before, after }) => before === after).length,
    wrong: certain.filter((mark) => !isBetween(mark)),
  };
}

/** Runs in the page. */
async function draw({ marks, pictures, seed }) {
  const PAUSE_MS = { min: 10, max: 120 };
  const video = document.querySelector("video.picture");
  const overlay = document.querySelector("canvas.overlay.input");
  const look = () => window.frameProbe.look(video).code;
  // A pointer that exists only in the page cannot be captured.
  overlay.setPointerCapture = () => undefined;
  let state = seed;
  const random = () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  let latest;
  let heard = () => undefined;
  window.fmz.onChange((changed) => {
    for (const mark of changed) if (mark.author === window.fmz.author) latest = mark;
    heard();
  });
  const until = async (condition) => {
    while (!condition()) await new Promise((resolve) => { heard = resolve; });
  };
  const press = (x, y) => {
    const init = { bubbles: true, pointerId: 77, pointerType: "mouse", isPrimary: true, button: 0, clientX: x, clientY: y };
    overlay.dispatchEvent(new PointerEvent("pointerdown", { ...init, buttons: 1 }));
    overlay.dispatchEvent(new PointerEvent("pointermove", { ...init, buttons: 1, clientX: x + 3 }));
    overlay.dispatchEvent(new PointerEvent("pointerup", init));
  };
  const drawn = [];
  const begun = window.fmz.presented;
  while (drawn.length < marks && window.fmz.presented - begun < pictures) {
    await new Promise((resolve) => { setTimeout(resolve, PAUSE_MS.min + (PAUSE_MS.max - PAUSE_MS.min) * random()); });
    const { x, y, width, height } = window.fmz.rect;
    latest = undefined;
    const before = look();
    press(Math.round(x + width * (0.3 + 0.5 * random())), Math.round(y + height * (0.3 + 0.5 * random())));
    const after = look();
    await until(() => latest && !latest.pending && latest.ended);
    const { frame, rtpTimestamp, uncertain } = latest;
    const byTime = window.fmz.frameAt(rtpTimestamp % 2 ** 32)?.index;
    drawn.push({ before, after, frame, byTime, uncertain });
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "z", code: "KeyZ", ctrlKey: true, bubbles: true }));
    await until(() => window.fmz.pending === 0 && window.fmz.objects.length === 0);
  }
  const main = window.fmz.publications.find(({ publication }) => publication === window.fmz.main);
  return { drawn, frames: main.frameMaps.at(-1).frames, pictures: window.fmz.presented - begun };
}
