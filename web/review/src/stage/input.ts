import { Kind, type ObjectState } from "@fmz/client";
import { keyOf } from "../state/marks";
import { handleAt, resize, type Handle } from "./handles";
import { toGrid, type Point } from "../grid/geometry";
import { brush, drag, erase, pan, shape, type Gesture, type PenPoint } from "./gestures";
import { objectAt } from "./hit";
import { closePolygon, comment, stamp, vertex } from "./place";
import { startOf } from "../grid/shapes";
import type { Overlay } from "./overlay";
import type { StageParts } from "./parts";

/** Zoom of one wheel step of 100 px. */
const WHEEL_STEP = 1.2;
/** Baseline of a text below the point where its middle was clicked, in text heights. */
const BASELINE = 0.35;

/** Turns pointer events over the picture into gestures. */
export class Input {
  private readonly touches = new Map<number, Point>();
  private gesture: Gesture | undefined;
  private pointerId: number | undefined;

  constructor(
    private readonly parts: StageParts,
    private readonly element: HTMLElement,
    private readonly overlay: Overlay,
  ) {}

  start(): () => void {
    const controller = new AbortController();
    const options = { signal: controller.signal };
    const { element } = this;
    element.addEventListener("pointerdown", (event) => {
      this.handleDown(event);
    }, options);
    element.addEventListener("pointermove", (event) => {
      this.handleMove(event);
    }, options);
    element.addEventListener("pointerup", (event) => {
      this.handleUp(event, "end");
    }, options);
    element.addEventListener("pointercancel", (event) => {
      this.handleUp(event, "cancel");
    }, options);
    element.addEventListener("pointerleave", () => {
      this.parts.presence.point(undefined);
      this.parts.polygon.aim.value = undefined;
    }, options);
    element.addEventListener("dblclick", (event) => {
      this.handleDoubleClick(this.place(event));
    }, options);
    element.addEventListener("wheel", (event) => {
      this.handleWheel(event);
    }, { ...options, passive: false });
    return () => {
      controller.abort();
    };
  }

  private handleDown(event: PointerEvent): void {
    const at = this.place(event);
    this.element.setPointerCapture(event.pointerId);
    if (event.pointerType === "touch") this.touches.set(event.pointerId, at);
    if (this.touches.size === 2) this.stop("cancel");
    else if (this.gesture === undefined) this.begin(event, at);
  }

  private begin(event: PointerEvent, at: PenPoint): void {
    // A text that is being written ends by its own loss of focus; the press that ended it does
    // nothing more.
    if (this.parts.drafts.text.peek()) return;
    this.gesture = event.button === 1 ? pan(this.parts, at) : event.button === 0 ? this.gestureFor(at) : undefined;
    if (this.gesture) {
      event.preventDefault();
      this.pointerId = event.pointerId;
    }
    if (this.parts.drafts.text.peek()) event.preventDefault();
  }

  private gestureFor(at: PenPoint): Gesture | undefined {
    const { parts } = this;
    const tool = parts.people.rights.peek().annotate ? parts.tools.tool.peek() : "select";
    switch (tool) {
      case "select":
        return this.select(at);
      case "brush":
        return brush(parts, at);
      case "rectangle":
        return shape(parts, Kind.RECTANGLE, at);
      case "ellipse":
        return shape(parts, Kind.ELLIPSE, at);
      case "arrow":
        return shape(parts, Kind.ARROW, at);
      case "line":
        return shape(parts, Kind.LINE, at);
      case "redaction":
        return shape(parts, Kind.REDACTION, at);
      case "polygon":
        return vertex(parts, at);
      case "comment":
        return comment(parts, at, (point) => this.pinAt(point));
      case "stamp":
        return stamp(parts, at);
      case "text":
        this.beginText(at);
        return undefined;
      case "eraser":
        return erase(parts, at, (point) => this.changeableAt(point));
    }
  }

  private select(at: Point): Gesture {
    const { parts } = this;
    const chosen = parts.marks.get(parts.marks.selected.peek());
    const handle = chosen?.id && parts.people.mayChange(chosen.id) ? this.handleOf(chosen, at) : undefined;
    if (chosen && handle) return resize(parts, chosen, handle);
    const object = this.objectAt(at);
    parts.marks.selected.value = object && keyOf(object.id);
    const movable = object?.id && parts.people.mayChange(object.id);
    const gesture = movable ? drag(parts, object, at) : pan(parts, at);
    return object?.kind === Kind.PIN ? opening(parts, object, gesture) : gesture;
  }

  private handleOf(chosen: ObjectState, at: Point): Handle | undefined {
    const rect = this.parts.view.rect.peek();
    const shown = this.overlay.visible().includes(chosen);
    return shown ? handleAt(chosen, toGrid(at, rect), rect) : undefined;
  }

  /** Ends a polygon, or opens the words of a text. */
  private handleDoubleClick(at: Point): void {
    const { polygon } = this.parts;
    if (polygon.closable) closePolygon(this.parts);
    // The second press of two on the first vertex, which had closed the polygon before.
    else if (polygon.vertices.peek().length === 1) polygon.drop();
    else this.changeText(at);
  }

  private beginText(at: Point): void {
    const { x, y } = toGrid(at, this.parts.view.rect.peek());
    const start = { x, y: y + Math.round(BASELINE * this.parts.tools.textHeight) };
    this.parts.drafts.text.value = { start, sight: this.parts.picture.sight() };
  }

  /** Opens the words of a text under the pointer. */
  private changeText(at: Point): void {
    const { parts } = this;
    const object = parts.tools.tool.peek() === "select" ? this.changeableAt(at) : undefined;
    if (object?.kind !== Kind.TEXT || !object.id) return;
    parts.drafts.text.value = { start: startOf(object), mark: object.id };
  }

  private handleMove(event: PointerEvent): void {
    const at = this.place(event);
    this.parts.picture.expectSight();
    this.tellPointer(at);
    this.aimPolygon(at);
    if (this.touches.size === 2) this.pinch(event.pointerId, at);
    else if (event.pointerId === this.pointerId) this.continueGesture(event);
    if (this.touches.has(event.pointerId)) this.touches.set(event.pointerId, at);
  }

  private continueGesture(event: PointerEvent): void {
    const coalesced = event.getCoalescedEvents();
    const events = coalesced.length > 0 ? coalesced : [event];
    this.gesture?.move(events.map((each) => this.place(each)));
    this.overlay.setPreview(this.gesture?.preview?.());
  }

  private handleUp(event: PointerEvent, how: "end" | "cancel"): void {
    this.touches.delete(event.pointerId);
    if (event.pointerId === this.pointerId) this.stop(how);
  }

  private stop(how: "end" | "cancel"): void {
    const { gesture } = this;
    this.gesture = undefined;
    this.pointerId = undefined;
    gesture?.[how]();
    this.overlay.setPreview(undefined);
  }

  /** Two fingers: the picture follows their middle and their distance. */
  private pinch(moved: number, to: Point): void {
    const from = this.touches.get(moved);
    const other = [...this.touches].find(([id]) => id !== moved)?.[1];
    if (!from || !other) return;
    const before = Math.hypot(from.x - other.x, from.y - other.y) || 1;
    const after = Math.hypot(to.x - other.x, to.y - other.y);
    this.parts.view.pan((to.x - from.x) / 2, (to.y - from.y) / 2);
    this.parts.view.zoom(after / before, { x: (to.x + other.x) / 2, y: (to.y + other.y) / 2 });
  }

  private handleWheel(event: WheelEvent): void {
    event.preventDefault();
    const pixels = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? event.deltaY : event.deltaY * 33;
    this.parts.view.zoom(WHEEL_STEP ** (-pixels / 100), this.place(event));
  }

  /** The polygon's open edge follows the pointer, pressed or not. */
  private aimPolygon(at: Point): void {
    const { polygon, view } = this.parts;
    if (polygon.active && this.touches.size < 2) polygon.aim.value = toGrid(at, view.rect.peek());
  }

  /** Shows the others the own pointer while it is on the picture. */
  private tellPointer(at: Point): void {
    const rect = this.parts.view.rect.peek();
    const inside = at.x >= rect.x && at.y >= rect.y && at.x <= rect.x + rect.width && at.y <= rect.y + rect.height;
    this.parts.presence.point(inside ? toGrid(at, rect) : undefined);
  }

  private objectAt(at: Point): ObjectState | undefined {
    return this.find(this.overlay.visible(), at);
  }

  private pinAt(at: Point): ObjectState | undefined {
    const object = this.objectAt(at);
    return object?.kind === Kind.PIN ? object : undefined;
  }

  private changeableAt(at: Point): ObjectState | undefined {
    const own = this.overlay.visible().filter(({ id }) => id && this.parts.people.mayChange(id));
    return this.find(own, at);
  }

  private find(objects: readonly ObjectState[], at: Point): ObjectState | undefined {
    const rect = this.parts.view.rect.peek();
    return objectAt(objects, toGrid(at, rect), rect, this.overlay.painter);
  }

  private place(event: MouseEvent): PenPoint {
    const { left, top } = this.element.getBoundingClientRect();
    const pen = event instanceof PointerEvent && event.pointerType === "pen";
    return { x: event.clientX - left, y: event.clientY - top, pressure: pen ? event.pressure : undefined };
  }
}

/**
 * A press on a pin that does not move it opens its thread, once it is lifted:
 * nothing moves under the hand.
 */
function opening({ notes }: Pick<StageParts, "notes">, pin: ObjectState, gesture: Gesture): Gesture {
  let moved = false;
  return {
    move: (points) => {
      moved = true;
      gesture.move(points);
    },
    end: () => {
      gesture.end();
      if (!moved) notes.openThread(pin);
    },
    cancel: () => {
      gesture.cancel();
    },
  };
}
