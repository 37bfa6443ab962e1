import { create, FrameStampSchema, ObjectStateSchema, type ObjectState } from "@fmz/client";
import { signal } from "@preact/signals";
import { expect, test } from "vitest";
import type { PictureSource } from "../src/state/picture-source";
import { Sight, type ShownFrame } from "../src/state/sight";
import { View } from "../src/state/view";
import { Visibility } from "../src/state/visibility";
import type { Size } from "../src/grid/geometry";

/** A source that is no stream: a film that is stepped by hand. */
class Film implements PictureSource {
  readonly shown = signal<ShownFrame | undefined>(undefined);
  readonly media = signal<string | undefined>("film");
  readonly timecode = signal<string | undefined>(undefined);
  readonly size = signal<Size | undefined>({ width: 1920, height: 800 });
  readonly frozen = signal(true);
  readonly presented = 0;

  step(index: number): void {
    this.shown.value = { media: "film", publication: "", rtpTimestamp: 0, index, epoch: 0, certain: true };
  }

  attach(): () => void {
    return () => undefined;
  }

  toggleFreeze(): void {
    this.frozen.value = !this.frozen.peek();
  }

  expectSight(): void {
    // Its frames have numbers: nothing has to be prepared.
  }

  sight(): Sight {
    return new Sight(this.shown.peek(), true);
  }

  frameAt(): undefined {
    return undefined;
  }
}

function mark(media: string, frameIndex: number): ObjectState {
  return create(ObjectStateSchema, { frame: create(FrameStampSchema, { media, publication: "p-1-1-1", frameIndex }) });
}

test("media22: over any source the marks of its media are seen, or those of its frame alone", () => {
  const film = new Film();
  const visibility = new Visibility(film);
  const marks = [mark("film", 24), mark("film", 25), mark("another", 24)];
  const seen = (): boolean[] => marks.map((each) => visibility.isSeen(each));
  film.step(24);
  expect([seen(), visibility.listed(marks).length]).toEqual([[true, true, false], 3]);
  visibility.onlyThisFrame.value = true;
  expect([seen(), visibility.listed(marks)]).toEqual([[true, false, false], [marks[0]]]);
  film.step(25);
  expect([seen(), visibility.listed(marks)]).toEqual([[false, true, false], [marks[1]]]);
});

test("a mark that is made on any source carries its frame", () => {
  const film = new Film();
  film.step(24);
  expect(film.sight().stamp).toMatchObject({ media: "film", frameIndex: 24, uncertain: false });
});

test("the view has the shape of the source's picture", () => {
  const film = new Film();
  const view = new View(film.size);
  view.stage.value = { width: 960, height: 600 };
  expect(view.rect.peek()).toEqual({ x: 0, y: 100, width: 960, height: 400 });
  film.size.value = undefined;
  expect(view.rect.peek()).toEqual({ x: 0, y: 30, width: 960, height: 540 });
});
