/**
 * Runs in the page: installs `window.frameProbe`, which reads the frame numbers painted into a
 * video's pictures (docs/SPEC-frames.md, rules code1 to code5), with the RTP timestamp of each. It
 * is written from the rules, independent of the product's own reader.
 */
export function installFrameProbe() {
  const CELLS_A_WIDTH = 160;
  const MARGIN = 2;
  const COLUMNS = 32;
  const FIRST_BIT = 2;
  const NUMBER_BITS = 20;
  const CHECK_BITS = 8;
  const CONTRAST_MIN = 64;
  /**
   * Returns the edge of a cell in pixels; the argument counts quarters of a cell from the picture's
   * edge.
   */
  const edge = (quarters, width) => Math.floor((quarters * width) / (4 * CELLS_A_WIDTH));

  function cellMean({ data, width: stride }, width, column, row) {
    const span = (cell) => {
      const from = edge(4 * (MARGIN + cell) + 1, width);
      return [from, Math.max(edge(4 * (MARGIN + cell) + 3, width), from + 1)];
    };
    const [left, right] = span(column);
    const [top, bottom] = span(row);
    let sum = 0;
    for (let y = top; y < bottom; y += 1) {
      for (let x = left; x < right; x += 1) sum += data[4 * (y * stride + x) + 1];
    }
    return sum / ((right - left) * (bottom - top));
  }

  function check(number) {
    let crc = 0xff;
    for (const shift of [16, 8, 0]) {
      crc ^= (number >> shift) & 0xff;
      for (let bit = 0; bit < 8; bit += 1) crc = crc & 0x80 ? ((crc << 1) ^ 0x07) & 0xff : crc << 1;
    }
    return crc;
  }

  /** Returns the number in a strip, or a word for the reason why there is none. */
  function readCode(image, width) {
    const cell = (column, row) => cellMean(image, width, column, row);
    for (const row of [0, 1]) {
      const left = cell(0, row) - cell(1, row);
      const right = cell(COLUMNS - 1, row) - cell(COLUMNS - 2, row);
      if (left < CONTRAST_MIN || right < CONTRAST_MIN) return "no markers";
    }
    let number = 0;
    let found = 0;
    for (let index = 0; index < NUMBER_BITS + CHECK_BITS; index += 1) {
      const difference = cell(FIRST_BIT + index, 0) - cell(FIRST_BIT + index, 1);
      if (Math.abs(difference) < CONTRAST_MIN) return "blurred";
      const bit = difference > 0 ? 1 : 0;
      if (index < NUMBER_BITS) number = number * 2 + bit;
      else found = found * 2 + bit;
    }
    return found === check(number) ? number : "wrong check";
  }

  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d", { willReadFrequently: true });

  /** Returns the number in a picture's strip, or a word for the reason why there is none. */
  function codeOf(picture, width) {
    canvas.width = edge(4 * (2 * MARGIN + COLUMNS), width);
    canvas.height = edge(4 * (2 * MARGIN + 2), width);
    context.drawImage(picture, 0, 0);
    return readCode(context.getImageData(0, 0, canvas.width, canvas.height), width);
  }

  // Taken before a test plants a fault: the function that names a picture's own RTP timestamp, in
  // browsers that have it.
  const { metadata } = VideoFrame.prototype;

  /**
   * Returns the picture that a video shows now: the number painted in it and, if the browser names
   * it for these very pixels, their RTP timestamp.
   */
  function look(video) {
    if (!metadata) return { code: codeOf(video, video.videoWidth) };
    const frame = new VideoFrame(video);
    const seen = { code: codeOf(frame, video.videoWidth), rtpTimestamp: metadata.call(frame).rtpTimestamp };
    frame.close();
    return seen;
  }

  const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
  let reader;
  // The probe reads before the page's own callback runs: during that callback the browser may move
  // on to the next picture.
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return request.call(this, (now, metadata) => {
      reader?.(this, metadata);
      callback(now, metadata);
    });
  };

  /**
   * Returns up to `count` pictures of a video that the page follows, as many as come within `ms`:
   * for each the painted number, RTP timestamp, size, the fields that `also` adds, and the number
   * of pictures presented so far.
   */
  function sample(video, count, ms, also) {
    return new Promise((resolve) => {
      const samples = [];
      const end = () => {
        clearTimeout(patience);
        reader = undefined;
        resolve(samples);
      };
      const patience = setTimeout(end, ms);
      reader = (shown, { rtpTimestamp: announced, presentedFrames }) => {
        // When the page changes to another stream, Chromium calls back once without a picture.
        if (shown !== video || video.videoWidth === 0) return;
        const { rtpTimestamp = announced, code } = look(video);
        const { videoWidth: width, videoHeight: height } = video;
        samples.push({ code, rtpTimestamp, presentedFrames, width, height, ...also(rtpTimestamp) });
        if (samples.length === count) end();
      };
    });
  }

  window.frameProbe = { named: metadata !== undefined, codeOf, look, sample };
}

const WRAP = 1n << 32n;

/**
 * Returns the frame number of a picture by the rules frame3 and frame4; undefined if no map covers
 * it.
 */
export function frameOf(maps, rtpTimestamp) {
  const begun = maps.filter((map) => ticksSince(map, rtpTimestamp) >= 0n).sort((a, b) => a.epoch - b.epoch);
  const map = begun.at(-1);
  if (!map) return undefined;
  const dividend = ticksSince(map, rtpTimestamp) * BigInt(map.num) * BigInt(map.speed);
  const divisor = 90_000n * BigInt(map.den) * 100n;
  const frame = map.frameBase + Number(floored(2n * dividend + divisor, 2n * divisor));
  return frame >= 0 && (map.frames === 0 || frame < map.frames) ? frame : undefined;
}

function ticksSince(map, rtpTimestamp) {
  return BigInt.asIntN(32, (BigInt(rtpTimestamp) - BigInt(map.rtpBase) + WRAP) % WRAP);
}

function floored(dividend, divisor) {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}
