import { create, Kind, ObjectStateSchema, type ObjectState } from "@fmz/client";
import { isGrowing, keyOf, type MarkKey } from "../state/marks";
import { pinNumbers } from "../state/threads";
import { paletteColor } from "../state/tools";
import { toStage } from "../grid/geometry";
import { Painter } from "./painter";
import type { StageParts } from "./parts";
import { polygonPreview } from "./place";
import type { Surface } from "./surface";
import { Unpainted } from "./unpainted";

/**
 * Time of one frame in which the first marks are painted, ms: a room with 50,000 takes seconds, in
 * which the page has to answer.
 */
const FILLING_MS_MAX = 30;

/** The two canvases over the picture: finished marks below, all that moves above. */
export interface Canvases {
  readonly marks: HTMLCanvasElement;
  readonly motion: HTMLCanvasElement;
}

export class Overlay {
  readonly painter = new Painter();
  private scheduled = 0;
  private marksStale = true;
  private unpainted = new Unpainted([]);
  /**
   * True until the marks that were there first are painted: bit by bit, for nothing is taken away.
   */
  private filling = true;
  /** Finished marks that changed while others were still to be painted: shown above until then. */
  private readonly meanwhile = new Set<MarkKey>();
  private preview: ObjectState | undefined;

  constructor(
    private readonly parts: StageParts,
    private readonly canvases: Canvases,
  ) {}

  start(): () => void {
    const { drafts, marks, people, picture, polygon, presence, tools, versions, view, visibility } = this.parts;
    const redraw = (): void => {
      this.redraw();
    };
    const redrawMotion = (): void => {
      this.redrawMotion();
    };
    const ends = [
      marks.onChange((changed, kind) => {
        this.handleChange(changed, kind);
      }),
      ...[view.rect, view.stage, visibility.hidden, visibility.onlyThisFrame, picture.media, drafts.text, versions.preview].map((place) =>
        place.subscribe(redraw),
      ),
      ...[marks.selected, presence.pointers, people.participants, drafts.comment].map((thing) => thing.subscribe(redrawMotion)),
      ...[polygon.vertices, polygon.aim, tools.tool, tools.color, tools.widthStep].map((thing) => thing.subscribe(redrawMotion)),
      picture.shown.subscribe(() => {
        if (visibility.onlyThisFrame.peek()) this.redraw();
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

  /** Returns the marks that are on the screen now, in drawing order. */
  visible(): readonly ObjectState[] {
    const { drafts, visibility } = this.parts;
    if (visibility.hidden.peek()) return [];
    const draft = drafts.text.peek()?.mark;
    // A text whose words are being changed is shown by its field.
    const changed = draft && keyOf(draft);
    return this.marks().filter((mark) => visibility.isSeen(mark) && (changed === undefined || keyOf(mark.id) !== changed));
  }

  /** Returns the marks of now, or of the version that is shown instead. */
  private marks(): readonly ObjectState[] {
    return this.parts.versions.preview.peek()?.objects ?? this.parts.marks.all();
  }

  /** Returns the numbers of the pins among these marks. */
  private numbers(): ReadonlyMap<MarkKey, number> {
    const preview = this.parts.versions.preview.peek();
    return preview ? pinNumbers(preview.objects) : this.parts.notes.numbers.peek();
  }

  private handleChange(changed: readonly ObjectState[], kind: "some" | "all"): void {
    const finished = changed.length === 0 || changed.some((object) => !isGrowing(object));
    // To begin anew at each change would never end in a room where people draw.
    if (finished && kind === "some" && !this.unpainted.done) for (const { id } of changed) this.meanwhile.add(keyOf(id));
    else if (finished) this.redraw();
    this.redrawMotion();
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
    const surface: Surface = { rect: this.parts.view.rect.peek(), pixelRatio: devicePixelRatio };
    const visible = this.visible();
    const context = this.canvases.marks.getContext("2d");
    if (context && (this.marksStale || resized.includes(true))) {
      this.marksStale = false;
      this.painter.clear(context);
      this.meanwhile.clear();
      this.unpainted = new Unpainted(visible.filter((object) => !isGrowing(object)));
    }
    if (context && !this.unpainted.done) this.paintMarks(context, surface);
    this.paintMotion(surface, visible);
  }

  private paintMarks(context: CanvasRenderingContext2D, surface: Surface): void {
    const numbers = this.numbers();
    const draw = (object: ObjectState): void => {
      this.painter.draw(context, surface, object, numberIn(numbers, object));
    };
    const now = (): number => performance.now();
    this.unpainted.paint(draw, this.filling ? now() + FILLING_MS_MAX : Infinity, now);
    if (!this.unpainted.done) {
      this.redrawMotion();
      return;
    }
    this.filling = false;
    if (this.meanwhile.size > 0) this.redraw();
  }

  private paintMotion(surface: Surface, visible: readonly ObjectState[]): void {
    const context = this.canvases.motion.getContext("2d");
    if (!context) return;
    this.painter.clear(context);
    const numbers = this.meanwhile.size > 0 ? this.numbers() : undefined;
    for (const object of visible)
      if (isGrowing(object)) this.painter.draw(context, surface, object);
      else if (numbers && this.meanwhile.has(keyOf(object.id))) this.painter.draw(context, surface, object, numberIn(numbers, object));
    if (this.preview) this.painter.draw(context, surface, this.preview);
    const selected = this.parts.marks.get(this.parts.marks.selected.peek());
    if (selected && visible.includes(selected)) this.paintSelected(context, surface, selected);
    this.paintPolygon(context, surface);
    this.paintComment(context, surface);
    this.paintPointers(context, surface);
  }

  private paintSelected(context: CanvasRenderingContext2D, surface: Surface, selected: ObjectState): void {
    const { painter } = this;
    const { people, tools } = this.parts;
    painter.drawSelection(context, surface, selected);
    const resizable = selected.id && people.mayChange(selected.id) && tools.tool.peek() === "select";
    if (resizable) painter.drawHandles(context, surface, selected);
  }

  private paintPolygon(context: CanvasRenderingContext2D, surface: Surface): void {
    const { painter } = this;
    const { polygon } = this.parts;
    const preview = polygonPreview(this.parts);
    if (!preview) return;
    painter.draw(context, surface, preview);
    painter.drawVertices(context, surface, polygon.vertices.peek(), polygon.closable);
  }

  /** Draws the pin of a comment that is being written. */
  private paintComment(context: CanvasRenderingContext2D, surface: Surface): void {
    const { drafts, notes, tools } = this.parts;
    const start = drafts.comment.peek()?.start;
    if (!start) return;
    const number = notes.numbers.peek().size + 1;
    this.painter.draw(context, surface, create(ObjectStateSchema, { kind: Kind.PIN, color: tools.rgba, start }), number);
  }

  private paintPointers(context: CanvasRenderingContext2D, surface: Surface): void {
    for (const [number, place] of this.parts.presence.pointers.peek().all) {
      const participant = this.parts.people.participants.peek().find(({ participant }) => participant === number);
      if (!participant) continue;
      const at = toStage(place, surface.rect);
      this.painter.drawPointer(context, surface, at, participant.name, paletteColor(participant.color));
    }
  }

  /** Gives a canvas the screen's pixels. Returns true if that emptied it. */
  private fitPixels(canvas: HTMLCanvasElement): boolean {
    const { width, height } = this.parts.view.stage.peek();
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
