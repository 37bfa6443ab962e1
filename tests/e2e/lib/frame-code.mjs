/**
 * Runs in the page: puts `window.frameProbe` there, which reads the frame numbers painted into the pictures of a video
 * (docs/SPEC-frames.md, rules code1 to code5) beside the RTP timestamp of each. Written from the rules, not from the
 * product's own reader.
 */
export function installFrameProbe() {
  const CELLS_A_WIDTH = 160;
  const MARGIN = 2;
  const COLUMNS = 32;
  const FIRST_BIT = 2;
  const NUMBER_BITS = 20;
  const CHECK_BITS = 8;
  const CONTRAST_MIN = 64;
  /** Edge of a cell, in quarters of a cell from the picture's edge, pixels. */
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

  /** The number in a strip, or a word that says why there is none. */
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

  /** Copies the strip of the picture on the screen; the result reads it. */
  function copyStrip(video) {
    const width = video.videoWidth;
    canvas.width = edge(4 * (2 * MARGIN + COLUMNS), width);
    canvas.height = edge(4 * (2 * MARGIN + 2), width);
    context.drawImage(video, 0, 0);
    return () => readCode(context.getImageData(0, 0, canvas.width, canvas.height), width);
  }

  const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
  let reader;
  // Who reads goes before the page's own work: while that is done, the browser moves on to the next picture.
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (callback) {
    return request.call(this, (now, metadata) => {
      reader?.(this, metadata);
      callback(now, metadata);
    });
  };

  /**
   * Up to `count` pictures of a video that the page follows, as many as come within `ms`, each read before the next was
   * presented: on a busy machine the page comes too late for some. For each the number painted in it, RTP timestamp,
   * size, and what `also` knows of it. Beside them what became of all pictures: `called` back for, `sizeless`, `late`,
   * `missed` the next one.
   */
  function sample(video, count, ms, also) {
    return new Promise((resolve) => {
      const seen = { called: 0, sizeless: 0, late: 0, missed: 0 };
      const samples = [];
      let last;
      const end = () => {
        clearTimeout(patience);
        reader = undefined;
        resolve({ samples, seen });
      };
      const patience = setTimeout(end, ms);
      const keep = ({ presentationTime, presentedFrames }) => {
        if (!last) return;
        if (last.readAt >= presentationTime) seen.late += 1;
        else if (last.presentedFrames + 1 !== presentedFrames) seen.missed += 1;
        else samples.push(last.sample);
      };
      reader = (shown, metadata) => {
        if (shown !== video) return;
        const read = copyStrip(video);
        const readAt = performance.now();
        seen.called += 1;
        // Chromium calls back once without a picture when the page changes to another stream.
        if (video.videoWidth === 0) {
          seen.sizeless += 1;
          return;
        }
        keep(metadata);
        const { rtpTimestamp, presentedFrames } = metadata;
        const { videoWidth: width, videoHeight: height } = video;
        last = { readAt, presentedFrames, sample: { code: read(), rtpTimestamp, width, height, ...also(rtpTimestamp) } };
        if (samples.length === count) end();
      };
    });
  }

  window.frameProbe = { sample };
}

const WRAP = 1n << 32n;

/** Frame number of a picture by the rules frame3 and frame4, or undefined where no map covers it. */
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
