import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { ObjectIdSchema } from "../src/gen/fmz/v1/annotation_pb";
import { mergedText, movedCaret, textEdit } from "../src/core/text";

const ID = create(ObjectIdSchema, { author: 1, counter: 1 });

function steps(before: string, after: string): unknown[] {
  const { op } = textEdit(ID, before, after);
  if (op.case !== "textEdit") throw new Error("no text edit");
  expect(op.value.id).toEqual(ID);
  return op.value.steps.map(({ step }) => [step.case, step.value]);
}

describe("text edits", () => {
  test.each([
    ["", "", []],
    ["abc", "abc", [["retain", 3]]],
    ["ac", "abc", [["retain", 1], ["insert", "b"]]],
    ["abc", "ac", [["retain", 1], ["delete", 1]]],
    ["a cat", "a dog", [["retain", 2], ["insert", "dog"], ["delete", 3]]],
    ["aa", "aaa", [["retain", 2], ["insert", "a"]]],
    ["🎬🎬", "🎬é柔🎬", [["retain", 1], ["insert", "é柔"]]],
    ["e\u0301z", "ez", [["retain", 1], ["delete", 1]]],
    ["🎬", "🎭", [["insert", "🎭"], ["delete", 1]]],
  ])("text5: from %j to %j one place is replaced, counted in scalar values", (before, after, expected) => {
    expect(steps(before, after)).toEqual(expected);
  });

  test.each([
    ["what came before it shifts it", "abc", "abcd", "xxabc", "xxabcd"],
    ["what came behind it does not", "abc", "xabc", "abcyy", "xabcyy"],
    ["what both removed is removed once", "abcdef", "aef", "abf", "af"],
    ["an own insert inside of what was removed stays", "abcdef", "abcXdef", "af", "aXf"],
    ["nothing changed meanwhile", "abc", "ab🎬c", "abc", "ab🎬c"],
    ["nothing was written", "abc", "abc", "axc", "axc"],
  ])("a field and its text meet: %s", (_, before, mine, theirs, expected) => {
    expect(mergedText(before, mine, theirs)).toBe(expected);
  });

  test.each([
    ["ab", "xab", 1, 2],
    ["ab", "abx", 1, 1],
    ["ab", "🎬ab", 2, 4],
    ["a🎬b", "ab", 4, 2],
    ["abcd", "ad", 2, 1],
    ["", "x", 0, 0],
  ])("a caret follows its place: from %j to %j, %i becomes %i", (before, after, caret, expected) => {
    expect(movedCaret(before, after, caret)).toBe(expected);
  });
});
