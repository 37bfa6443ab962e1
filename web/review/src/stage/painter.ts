import { Kind, type ObjectState } from "@fmz/client";
import { cssColor } from "../state/tools";
import { gridScale, type Point, type Rect } from "../grid/geometry";
import { handlesOf, placeOf } from "./handles";
import { drawPin, pinBounds } from "./pins";
import { FONT, grown, LINE_HEIGHT, shapeOf, startOf, type Shape } from "../grid/shapes";
import { stampShape } from "./stamps";
import { toGridSpace, type Surface } from "./surface";

/** Dark rim around every mark, so that it reads on white as on black. */
const HALO = "rgba(0, 0, 0, 0.65)";
/** Width of the rim, CSS px. */
const HALO_PX = 1;
const ACCENT = "#6ea8fe";
/** Side of a handle, and radius of a vertex that was put, CSS px. */
const HANDLE_PX = 8;
const VERTEX_PX = 3.5;

/**
 * Draws marks on canvases that cover the stage. Keeps each object's paths until the object changes.
 */
export class Painter {
  /** Each change of an object gives a new object, so that the paths of the old one go with it. */
  private readonly shapes = new WeakMap<ObjectState, Shape>();
  private readonly ruler = new OffscreenCanvas(1, 1).getContext("2d");

  clear(context: CanvasRenderingContext2D): void {
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, context.canvas.width, context.canvas.height);
  }

  /** Draws a mark; `number` is that of a pin. */
  draw(context: CanvasRenderingContext2D, surface: Surface, object: ObjectState, number = 0): void {
    context.lineJoin = "round";
    context.lineCap = "round";
    if (object.kind === Kind.TEXT) drawText(context, surface, object);
    else if (object.kind === Kind.PIN) drawPin(context, surface, object, number);
    else this.drawShape(context, surface, object);
  }

  /** Draws a frame around the chosen mark. */
  drawSelection(context: CanvasRenderingContext2D, surface: Surface, object: ObjectState): void {
    const pixel = 1 / gridScale(surface.rect);
    const { x, y, width, height } = grown(this.boundsOf(object, surface.rect), 4 * pixel);
    toGridSpace(context, surface);
    context.lineWidth = pixel;
    context.setLineDash([]);
    context.strokeStyle = HALO;
    context.strokeRect(x - pixel, y - pixel, width + 2 * pixel, height + 2 * pixel);
    context.strokeStyle = ACCENT;
    context.strokeRect(x, y, width, height);
  }

  /** Draws the corners by which the chosen mark is resized. */
  drawHandles(context: CanvasRenderingContext2D, surface: Surface, object: ObjectState): void {
    const pixel = 1 / gridScale(surface.rect);
    const side = HANDLE_PX * pixel;
    toGridSpace(context, surface);
    context.lineWidth = 1.5 * pixel;
    context.fillStyle = "#fff";
    context.strokeStyle = "#161616";
    for (const handle of handlesOf(object)) {
      const { x, y } = placeOf(object, handle);
      context.fillRect(x - side / 2, y - side / 2, side, side);
      context.strokeRect(x - side / 2, y - side / 2, side, side);
    }
  }

  /** Draws the vertices of a polygon that is being drawn; the first is larger once a press on it closes it. */
  drawVertices(context: CanvasRenderingContext2D, surface: Surface, vertices: readonly Point[], closable: boolean): void {
    const pixel = 1 / gridScale(surface.rect);
    toGridSpace(context, surface);
    context.lineWidth = 1.5 * pixel;
    context.strokeStyle = "#161616";
    vertices.forEach(({ x, y }, index) => {
      const closes = index === 0 && closable;
      context.beginPath();
      context.arc(x, y, (closes ? 2 : 1) * VERTEX_PX * pixel, 0, 2 * Math.PI);
      context.fillStyle = closes ? ACCENT : "#fff";
      context.fill();
      context.stroke();
    });
  }

  /** Draws a person's pointer with their name, at a point of the stage. */
  drawPointer(context: CanvasRenderingContext2D, surface: Surface, at: Point, name: string, color: string): void {
    const { pixelRatio } = surface;
    context.setTransform(pixelRatio, 0, 0, pixelRatio, at.x * pixelRatio, at.y * pixelRatio);
    const tip = new Path2D("M0 0 L0 14 L4 10.5 L9.5 10.5 Z");
    context.lineJoin = "round";
    context.lineWidth = 2 * HALO_PX;
    context.strokeStyle = HALO;
    context.stroke(tip);
    context.fillStyle = color;
    context.fill(tip);
    drawLabel(context, name, color);
  }

  /** Returns the space that an object takes, grid units, while the picture lies at `rect`. */
  boundsOf(object: ObjectState, rect: Rect): Rect {
    if (object.kind === Kind.PIN) return pinBounds(object, rect);
    return object.kind === Kind.TEXT ? this.textBounds(object) : this.shape(object).bounds;
  }

  /** Returns the paths of an object. */
  shape(object: ObjectState): Shape {
    const known = this.shapes.get(object);
    if (known) return known;
    const shape = object.kind === Kind.STAMP ? stampShape(object) : shapeOf(object);
    this.shapes.set(object, shape);
    return shape;
  }

  private drawShape(context: CanvasRenderingContext2D, surface: Surface, object: ObjectState): void {
    const { fill, line, lineWidth = object.width } = this.shape(object);
    const rim = (2 * HALO_PX) / gridScale(surface.rect);
    toGridSpace(context, surface);
    context.strokeStyle = HALO;
    context.lineWidth = rim;
    if (fill) context.stroke(fill);
    context.lineWidth = lineWidth + rim;
    if (line) context.stroke(line);
    context.fillStyle = context.strokeStyle = cssColor(object.color);
    context.lineWidth = lineWidth;
    if (line) context.stroke(line);
    if (fill) context.fill(fill);
  }

  private textBounds(object: ObjectState): Rect {
    const { x, y } = startOf(object);
    const lines = object.text.split("\n");
    if (!this.ruler) return { x, y, width: 0, height: 0 };
    this.ruler.font = `${object.width}px ${FONT}`;
    const width = Math.max(...lines.map((line) => this.ruler?.measureText(line).width ?? 0));
    return { x, y: y - object.width, width, height: object.width * (0.3 + 1 + (lines.length - 1) * LINE_HEIGHT) };
  }
}

/** Text is set in screen pixels: fonts of grid size would lose their hinting. */
function drawText(context: CanvasRenderingContext2D, { rect, pixelRatio }: Surface, object: ObjectState): void {
  const scale = gridScale(rect);
  const { x, y } = startOf(object);
  const height = object.width * scale;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, (rect.x + x * scale) * pixelRatio, (rect.y + y * scale) * pixelRatio);
  context.font = `${height}px ${FONT}`;
  context.lineWidth = 2 * HALO_PX;
  context.strokeStyle = HALO;
  context.fillStyle = cssColor(object.color);
  object.text.split("\n").forEach((line, index) => {
    const baseline = index * height * LINE_HEIGHT;
    context.strokeText(line, 0, baseline);
    context.fillText(line, 0, baseline);
  });
}

function drawLabel(context: CanvasRenderingContext2D, name: string, color: string): void {
  context.font = `12px ${FONT}`;
  const width = context.measureText(name).width;
  context.fillStyle = "rgba(22, 22, 22, 0.85)";
  context.beginPath();
  context.roundRect(11, 11, width + 10, 18, 4);
  context.fill();
  context.fillStyle = color;
  context.fillText(name, 16, 24);
}
