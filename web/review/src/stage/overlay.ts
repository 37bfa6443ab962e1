import { create, Kind, ObjectStateSchema, type ObjectState } from "@fmz/client";
import { isGrowing, keyOf, type MarkKey } from "../state/marks";
import type { RoomState } from "../state/room";
import { pinNumbers } from "../state/threads";
import { paletteColor } from "../state/tools";
import { toStage } from "../grid/geometry";
import { Painter } from "./painter";
import { polygonPreview } from "./place";
import type { Surface } from "./surface";

/** The two canvases over the picture: finished marks below, all that moves above. */
export interface Canvases {
  readonly marks: HTMLCanvasElement;
  readonly motion: HTMLCanvasElement;
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
      ...[view.rect, view.stage, room.marksHidden, room.onlyThisFrame, picture.media, room.textEntry, room.versions.preview].map((place) => place.subscribe(redraw)),
      ...[marks.selected, room.pointers, room.participants, room.commentEntry, room.polygon.vertices, room.polygon.aim, room.tools.tool, room.tools.color, room.tools.widthStep].map((thing) => thing.subscribe(redrawMotion)),
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
    // A text whose words are being changed is shown by its field.
    const all = this.marks().filter(({ id }) => !entry || keyOf(id) !== keyOf(entry));
    return all.filter((mark) => room.isSeen(mark));
  }

  /** Marks of now, or of the version that is looked at. */
  private marks(): readonly ObjectState[] {
    return this.room.versions.preview.peek()?.objects ?? this.room.marks.all();
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
    const numbers = pinNumbers(this.marks());
    for (const object of visible) if (!isGrowing(object)) this.painter.draw(context, surface, object, numberIn(numbers, object));
  }

  private paintMotion(surface: Surface, visible: readonly ObjectState[]): void {
    const context = this.canvases.motion.getContext("2d");
    if (!context) return;
    this.painter.clear(context);
    for (const object of visible) if (isGrowing(object)) this.painter.draw(context, surface, object);
    if (this.preview) this.painter.draw(context, surface, this.preview);
    const selected = this.room.marks.get(this.room.marks.selected.peek());
    if (selected && visible.includes(selected)) this.paintSelected(context, surface, selected);
    this.paintPolygon(context, surface);
    this.paintComment(context, surface);
    this.paintPointers(context, surface);
  }

  private paintSelected(context: CanvasRenderingContext2D, surface: Surface, selected: ObjectState): void {
    const { room, painter } = this;
    painter.drawSelection(context, surface, selected);
    const resizable = selected.id && room.mayChange(selected.id) && room.tools.tool.peek() === "select";
    if (resizable) painter.drawHandles(context, surface, selected);
  }

  private paintPolygon(context: CanvasRenderingContext2D, surface: Surface): void {
    const { painter, room } = this;
    const preview = polygonPreview(room);
    if (!preview) return;
    painter.draw(context, surface, preview);
    painter.drawVertices(context, surface, room.polygon.vertices.peek(), room.polygon.closable);
  }

  /** The pin of a comment that is being written. */
  private paintComment(context: CanvasRenderingContext2D, surface: Surface): void {
    const { room } = this;
    const start = room.commentEntry.peek()?.start;
    if (!start) return;
    const number = pinNumbers(room.marks.all()).size + 1;
    this.painter.draw(context, surface, create(ObjectStateSchema, { kind: Kind.PIN, color: room.tools.rgba, start }), number);
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

function numberIn(numbers: ReadonlyMap<MarkKey, number>, { id }: ObjectState): number {
  return numbers.get(keyOf(id)) ?? 0;
}
