import type { ObjectState } from "@fmz/client";
import { isGrowing, keyOf } from "../state/marks";
import { isOnFrame } from "../state/picture";
import type { RoomState } from "../state/room";
import { paletteColor } from "../state/tools";
import { toStage } from "./geometry";
import { Input } from "./input";
import { Painter, type Surface } from "./painter";

/** The two canvases over the picture: finished marks below, all that moves above. */
export interface Canvases {
  readonly marks: HTMLCanvasElement;
  readonly motion: HTMLCanvasElement;
}

/** Draws the room's marks over the picture and takes the pointer; the result ends both. */
export function mountOverlay(room: RoomState, canvases: Canvases): () => void {
  const overlay = new Overlay(room, canvases);
  const input = new Input(room, canvases.motion, overlay);
  const ends = [overlay.start(), input.start()];
  return () => {
    for (const end of ends) end();
  };
}

export class Overlay {
  readonly painter = new Painter();
  private scheduled = 0;
  private marksStale = true;
  private preview: ObjectState | undefined;

  constructor(
    private readonly room: RoomState,
    private readonly canvases: Canvases,
  ) {}

  start(): () => void {
    const { room } = this;
    const { view, picture, marks } = room;
    const redraw = (): void => {
      this.redraw();
    };
    const redrawMotion = (): void => {
      this.redrawMotion();
    };
    const ends = [
      marks.onChange((changed) => {
        this.handleChange(changed);
      }),
      ...[view.rect, view.stage, room.marksHidden, room.onlyThisFrame, room.textEntry, room.versions.preview].map((place) => place.subscribe(redraw)),
      ...[marks.selected, room.pointers, room.participants].map((thing) => thing.subscribe(redrawMotion)),
      picture.shown.subscribe(() => {
        if (room.onlyThisFrame.peek()) this.redraw();
      }),
    ];
    return () => {
      cancelAnimationFrame(this.scheduled);
      for (const end of ends) end();
    };
  }

  /** Shows a shape that is being dragged. */
  setPreview(preview: ObjectState | undefined): void {
    this.preview = preview;
    this.redrawMotion();
  }

  /** Marks that are on the screen now, in drawing order. */
  visible(): ObjectState[] {
    const { room } = this;
    if (room.marksHidden.peek()) return [];
    const entry = room.textEntry.peek()?.mark;
    const marks = room.versions.preview.peek()?.objects ?? room.marks.all();
    // A text whose words are being changed is shown by its field.
    const all = marks.filter(({ id }) => !entry || keyOf(id) !== keyOf(entry));
    const shown = room.picture.shown.peek();
    return room.onlyThisFrame.peek() ? all.filter(({ frame }) => isOnFrame(frame, shown)) : all;
  }

  private handleChange(changed: readonly ObjectState[]): void {
    if (changed.length === 0 || changed.some((object) => !isGrowing(object))) this.redraw();
    else this.redrawMotion();
    this.painter.keep((key) => this.room.marks.has(key));
  }

  private redraw(): void {
    this.marksStale = true;
    this.redrawMotion();
  }

  private redrawMotion(): void {
    if (this.scheduled !== 0) return;
    this.scheduled = requestAnimationFrame(() => {
      this.scheduled = 0;
      this.paint();
    });
  }

  private paint(): void {
    const resized = [this.canvases.marks, this.canvases.motion].map((canvas) => this.fitPixels(canvas));
    const surface: Surface = { rect: this.room.view.rect.peek(), pixelRatio: devicePixelRatio };
    const visible = this.visible();
    if (this.marksStale || resized.includes(true)) this.paintMarks(surface, visible);
    this.paintMotion(surface, visible);
  }

  private paintMarks(surface: Surface, visible: readonly ObjectState[]): void {
    this.marksStale = false;
    const context = this.canvases.marks.getContext("2d");
    if (!context) return;
    this.painter.clear(context);
    for (const object of visible) if (!isGrowing(object)) this.painter.draw(context, surface, object);
  }

  private paintMotion(surface: Surface, visible: readonly ObjectState[]): void {
    const context = this.canvases.motion.getContext("2d");
    if (!context) return;
    this.painter.clear(context);
    for (const object of visible) if (isGrowing(object)) this.painter.draw(context, surface, object);
    if (this.preview) this.painter.draw(context, surface, this.preview);
    const selected = this.room.marks.get(this.room.marks.selected.peek());
    if (selected && visible.includes(selected)) this.painter.drawSelection(context, surface, selected);
    this.paintPointers(context, surface);
  }

  private paintPointers(context: CanvasRenderingContext2D, surface: Surface): void {
    for (const [number, place] of this.room.pointers.peek().all) {
      const participant = this.room.participants.peek().find(({ participant }) => participant === number);
      if (!participant) continue;
      const at = toStage(place, surface.rect);
      this.painter.drawPointer(context, surface, at, participant.name, paletteColor(participant.color));
    }
  }

  /** Gives a canvas the screen's pixels; true where that emptied it. */
  private fitPixels(canvas: HTMLCanvasElement): boolean {
    const { width, height } = this.room.view.stage.peek();
    const pixels = { width: Math.round(width * devicePixelRatio), height: Math.round(height * devicePixelRatio) };
    if (canvas.width === pixels.width && canvas.height === pixels.height) return false;
    canvas.width = pixels.width;
    canvas.height = pixels.height;
    return true;
  }
}
