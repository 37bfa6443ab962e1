import assert from "node:assert/strict";

/** Pictures by which a browser may move on while one is read: at 24 a second they are 125 ms. */
const LATE_MAX = 3;

/**
 * Checks that every picture carries a number, and that page and rules give that very number for its
 * RTP timestamp.
 *
 * A browser that names no pixels (`named` is false) may move on between the announcement of a
 * picture and its reading; then a later picture is read. A reading that is repeated by the next one
 * was late. If no picture was left out between two different readings, the first is exact.
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
  // Pictures that seem ahead are excused only if others are exact: those show that there is no
  // general offset.
  assert.ok(all.some(({ code, byRules }) => code === byRules), "no picture is the very frame that its time says");
  for (const picture of all) assert.deepEqual([picture.width, picture.height], [width, height]);
  const different = new Set(all.map(({ rtpTimestamp }) => rtpTimestamp)).size;
  assert.ok(different > all.length / 2, `only ${different} of ${all.length} pictures differ`);
}

/**
 * Returns whether a picture may be this many frames ahead of its time: it was read late, or between
 * two that were left out.
 */
function mayBeAhead({ code, presentedFrames }, [next, afterNext], ahead) {
  const late = !next || code === next.code || next.code === afterNext?.code;
  return late ? ahead > 0 && ahead <= LATE_MAX : ahead > 0 && ahead < next.presentedFrames - presentedFrames;
}
