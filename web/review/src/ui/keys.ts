import type { RoomState } from "../state/room";
import { closePolygon } from "../stage/place";
import { PALETTE, TOOLS, type Tool } from "../state/tools";
import { toggleFullscreen } from "./fullscreen";

export const TOOL_KEYS: Readonly<Record<Tool, string>> = {
  select: "v",
  brush: "b",
  arrow: "a",
  line: "s",
  rectangle: "r",
  ellipse: "e",
  polygon: "p",
  text: "t",
  comment: "c",
  stamp: "y",
  redaction: "d",
  eraser: "x",
};

/** The parts of a room that keys work on. */
type KeyParts = Pick<
  RoomState,
  | "chosen" | "document" | "drafts" | "marks" | "media" | "notes" | "panels" | "people" | "picture" | "polygon" | "tools" | "versions"
  | "view" | "visibility"
>;
type Action = (parts: KeyParts) => void;

const ACTIONS: Readonly<Record<string, Action>> = {
  " ": freeze,
  k: freeze,
  f: () => void toggleFullscreen(),
  "0": ({ view }) => {
    view.fit();
  },
  h: ({ visibility }) => {
    visibility.hidden.value = !visibility.hidden.peek();
  },
  g: ({ visibility }) => {
    visibility.onlyThisFrame.value = !visibility.onlyThisFrame.peek();
  },
  n: ({ panels }) => {
    panels.toggleTab("notes");
  },
  ",": ({ notes }) => {
    notes.step(-1);
  },
  ".": ({ notes }) => {
    notes.step(1);
  },
  "?": ({ panels }) => {
    panels.toggleSheet("keys");
  },
  escape: ({ drafts, marks, tools, versions }) => {
    drafts.comment.value = undefined;
    versions.closePreview();
    tools.tool.value = "select";
    marks.selected.value = undefined;
  },
};

const PUBLISHING: Readonly<Record<string, Action>> = {
  m: ({ media }) => void media.toggleMicrophone(),
};

const DRAWING: Readonly<Record<string, Action>> = {
  "[": ({ chosen }) => {
    chosen.stepWidth(-1);
  },
  "]": ({ chosen }) => {
    chosen.stepWidth(1);
  },
  delete: ({ chosen }) => {
    chosen.delete();
  },
  backspace: ({ chosen }) => {
    chosen.delete();
  },
  ...Object.fromEntries(TOOLS.map((tool) => [TOOL_KEYS[tool], choose(tool)])),
  ...Object.fromEntries(PALETTE.map((_, index) => [String(index + 1), color(index)])),
};

/** Keys while a polygon is drawn; they come before all others. */
const POLYGON: Readonly<Record<string, Action>> = {
  enter: closePolygon,
  backspace: removeVertex,
  escape: ({ polygon }) => {
    polygon.drop();
  },
};

/** Takes the page's keys until the result is called. They do nothing while text is typed. */
export function handleKeys(parts: KeyParts): () => void {
  const controller = new AbortController();
  const pointer = { x: 0, y: 0 };
  document.addEventListener("pointermove", ({ clientX, clientY }) => {
    Object.assign(pointer, { x: clientX, y: clientY });
  }, { signal: controller.signal });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || isTyping(event.target)) return;
    if (handleChord(parts, event) || handleKey(parts, event, pointer)) event.preventDefault();
  }, { signal: controller.signal });
  return () => {
    controller.abort();
  };
}

/** Undo and redo; every other chord is the browser's. */
function handleChord({ document, polygon }: KeyParts, event: KeyboardEvent): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return false;
  if (event.shiftKey) document.redo();
  else if (polygon.active) polygon.removeLast();
  else document.undo();
  return true;
}

function handleKey(parts: KeyParts, event: KeyboardEvent, pointer: { x: number; y: number }): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const key = event.key.toLowerCase();
  const drawing = parts.polygon.active && !isControl(event.target) ? POLYGON[key] : undefined;
  if (drawing) {
    drawing(parts);
    return true;
  }
  if (belongsToControl(event)) return false;
  if (key === "z") {
    zoomAt(parts, pointer);
    return true;
  }
  const { annotate, publish } = parts.people.rights.peek();
  const action = ACTIONS[key] ?? (annotate ? DRAWING[key] : undefined) ?? (publish ? PUBLISHING[key] : undefined);
  action?.(parts);
  return action !== undefined;
}

function zoomAt({ view }: KeyParts, pointer: { x: number; y: number }): void {
  const stage = document.querySelector(".stage")?.getBoundingClientRect();
  view.toggleActual({ x: pointer.x - (stage?.left ?? 0), y: pointer.y - (stage?.top ?? 0) });
}

/** Returns true for Space and Enter on a control: they press it. */
function belongsToControl({ key, target }: KeyboardEvent): boolean {
  return (key === " " || key === "Enter") && target instanceof Element && target.closest("button, a") !== null;
}

/**
 * Returns true for a control other than the button of the polygon's tool, which keeps the focus while
 * a polygon is drawn.
 */
function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button:not(#tool-polygon), a") !== null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function freeze({ picture }: KeyParts): void {
  picture.toggleFreeze();
}

function removeVertex({ polygon }: KeyParts): void {
  polygon.removeLast();
}

function choose(tool: Tool): Action {
  return ({ tools }) => {
    tools.choose(tool);
  };
}

function color(index: number): Action {
  return ({ chosen }) => {
    chosen.color(index);
  };
}
