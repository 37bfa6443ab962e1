import assert from "node:assert/strict";

/** Pictures that a browser moves on while one is read, at most: at 24 a second they are 125 ms. */
const LATE_MAX = 3;

/**
 * Every picture carries a number, and page and rules give that very number for its RTP timestamp.
 *
 * A browser that names no pixels (`named` false) may move on between the announcement of a picture
 * and its reading: the picture read then came after the announced one. A reading that the next one
 * repeats was late; if no picture was left out between two different readings, the first is exact.
 */
export function judgePictures({ named, frames, all }, { width, height }) {
  const isRight = (picture, index) => {
    const { code, byRules, byPage } = picture;
    if (typeof code !== "number" || byRules === undefined || byPage !== byRules) return false;
    const ahead = frames > 0 ? (code - byRules + frames) % frames : code - byRules;
    return ahead === 0 || (!named && mayBeAhead(picture, all.slice(index + 1), ahead));
  };
  const wrong = all.filter((picture, index) => !isRight(picture, index));
  assert.deepEqual(wrong, [], `${wrong.length} of ${all.length} pictures are another frame than their time says`);
  // What may be ahead is excused only beside pictures that are not: those show that
  // nothing is off as a whole.
  assert.ok(all.some(({ code, byRules }) => code === byRules), "no picture is the very frame that its time says");
  for (const picture of all) assert.deepEqual([picture.width, picture.height], [width, height]);
  const different = new Set(all.map(({ rtpTimestamp }) => rtpTimestamp)).size;
  assert.ok(different > all.length / 2, `only ${different} of ${all.length} pictures differ`);
}

/**
 * True if a picture that is so many frames ahead of its time was read late, or
 * between two that were left out.
 */
function mayBeAhead({ code, presentedFrames }, [next, afterNext], ahead) {
  const late = !next || code === next.code || next.code === afterNext?.code;
  return late ? ahead > 0 && ahead <= LATE_MAX : ahead > 0 && ahead < next.presentedFrames - presentedFrames;
}
