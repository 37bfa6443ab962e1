import assert from "node:assert/strict";

/** Every picture carries a number, and page and rules give that very number for its RTP timestamp. */
export function judgePictures(pictures, { width, height }) {
  const wrong = pictures.filter(({ code, byRules, byPage }) => code !== byRules || code !== byPage);
  assert.deepEqual(wrong, [], `${wrong.length} of ${pictures.length} pictures are another frame than their time says`);
  for (const picture of pictures) assert.deepEqual([picture.width, picture.height], [width, height]);
  const different = new Set(pictures.map(({ rtpTimestamp }) => rtpTimestamp)).size;
  assert.ok(different > pictures.length * 0.9, `only ${different} of ${pictures.length} pictures differ`);
}
