import { chooseColor, deleteChosen, stepWidth } from "../state/chosen";
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

type Action = (room: RoomState) => void;

const ACTIONS: Readonly<Record<string, Action>> = {
  " ": freeze,
  k: freeze,
  f: () => void toggleFullscreen(),
  "0": ({ view }) => {
    view.fit();
  },
  h: ({ marksHidden }) => {
    marksHidden.value = !marksHidden.peek();
  },
  g: ({ onlyThisFrame }) => {
    onlyThisFrame.value = !onlyThisFrame.peek();
  },
  n: (room) => {
    const shown =
      room.panelOpen.peek() && !room.keysOpen.peek() && !room.connectionOpen.peek() && room.panelTab.peek() === "notes";
    if (shown) room.togglePanel();
    else room.showPanel("notes");
  },
  ",": (room) => {
    room.stepNote(-1);
  },
  ".": (room) => {
    room.stepNote(1);
  },
  "?": (room) => {
    room.toggleKeys();
  },
  escape: (room) => {
    room.commentEntry.value = undefined;
    room.versions.closePreview();
    room.tools.tool.value = "select";
    room.marks.selected.value = undefined;
  },
};

const PUBLISHING: Readonly<Record<string, Action>> = {
  m: ({ media }) => void media.toggleMicrophone(),
};

const DRAWING: Readonly<Record<string, Action>> = {
  "[": (room) => {
    stepWidth(room, -1);
  },
  "]": (room) => {
    stepWidth(room, 1);
  },
  delete: (room) => {
    deleteChosen(room);
  },
  backspace: (room) => {
    deleteChosen(room);
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
export function handleKeys(room: RoomState): () => void {
  const controller = new AbortController();
  const pointer = { x: 0, y: 0 };
  document.addEventListener("pointermove", ({ clientX, clientY }) => {
    Object.assign(pointer, { x: clientX, y: clientY });
  }, { signal: controller.signal });
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || isTyping(event.target)) return;
    if (handleChord(room, event) || handleKey(room, event, pointer)) event.preventDefault();
  }, { signal: controller.signal });
  return () => {
    controller.abort();
  };
}

/** Undo and redo; every other chord is the browser's. */
function handleChord(room: RoomState, event: KeyboardEvent): boolean {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.key.toLowerCase() !== "z") return false;
  if (event.shiftKey) room.document.redo();
  else if (room.polygon.active) removeVertex(room);
  else room.document.undo();
  return true;
}

function handleKey(room: RoomState, event: KeyboardEvent, pointer: { x: number; y: number }): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey) return false;
  const key = event.key.toLowerCase();
  const drawing = room.polygon.active && !isControl(event.target) ? POLYGON[key] : undefined;
  if (drawing) {
    drawing(room);
    return true;
  }
  if (belongsToControl(event)) return false;
  if (key === "z") {
    zoomAt(room, pointer);
    return true;
  }
  const { annotate, publish } = room.rights.peek();
  const action = ACTIONS[key] ?? (annotate ? DRAWING[key] : undefined) ?? (publish ? PUBLISHING[key] : undefined);
  action?.(room);
  return action !== undefined;
}

function zoomAt({ view }: RoomState, pointer: { x: number; y: number }): void {
  const stage = document.querySelector(".stage")?.getBoundingClientRect();
  view.toggleActual({ x: pointer.x - (stage?.left ?? 0), y: pointer.y - (stage?.top ?? 0) });
}

/** Space and Enter press the control that has the focus. */
function belongsToControl({ key, target }: KeyboardEvent): boolean {
  return (key === " " || key === "Enter") && target instanceof Element && target.closest("button, a") !== null;
}

/**
 * A control other than the button of the polygon's tool, on which the focus stays while one draws.
 */
function isControl(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("button:not(#tool-polygon), a") !== null;
}

function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));
}

function freeze({ picture }: RoomState): void {
  picture.toggleFreeze();
}

function removeVertex({ polygon }: RoomState): void {
  polygon.removeLast();
}

function choose(tool: Tool): Action {
  return ({ tools }) => {
    tools.choose(tool);
  };
}

function color(index: number): Action {
  return (room) => {
    chooseColor(room, index);
  };
}
