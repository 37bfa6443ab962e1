import { decodePoints, Kind, Status, type FrameNumber, type ObjectState, type Participant, type Publication } from "@fmz/client";
import { keyOf } from "./state/marks";
import type { People } from "./state/people";
import type { RoomState } from "./state/room";
import { statusOf, type ThreadStatus } from "./state/threads";
import { cssColor } from "./state/tools";

/** A mark in plain values; coordinates in grid units, 16384 to the picture's width. */
export interface InspectedMark {
  readonly author: number;
  readonly counter: number;
  readonly authorName: string;
  readonly kind: string;
  readonly color: string;
  readonly width: number;
  readonly start: readonly [number, number] | undefined;
  readonly end: readonly [number, number] | undefined;
  /** Sum of all moves: everything of the mark stands this far from where it was drawn. */
  readonly offset: readonly [number, number];
  readonly points: readonly (readonly [number, number])[];
  readonly text: string;
  /** Name of a stamp. */
  readonly stamp: string;
  /** Status of the thread of a pin. */
  readonly status: string;
  readonly assignee: string;
  /** The pin that a reply answers, `author:counter`. */
  readonly parent: string | undefined;
  readonly ended: boolean;
  readonly pending: boolean;
  readonly media: string;
  readonly publication: string;
  readonly rtpTimestamp: number;
  readonly frame: number | undefined;
  /** True if the mark may also be on the frame before or after. */
  readonly uncertain: boolean;
}

/**
 * `window.fmz`: looks into the page for tests and support. It changes nothing, and
 * the page never reads it.
 */
export interface Inspection {
  /** `joining`, `open`, `reconnecting` or `ended`. */
  readonly connection: string;
  /** `connecting`, `connected` or `failed`. */
  readonly media: string;
  /**
   * Protocol by which pictures and channels are relayed: `udp`, `tcp` or `tls`; nothing if the path
   * is direct.
   */
  readonly relay: string | undefined;
  /** Path of ops: `ops` (data channel), `websocket`, or nothing. */
  readonly path: string | undefined;
  /** Reason of the end. */
  readonly ended: string | undefined;
  readonly self: number;
  readonly author: number;
  readonly revision: number;
  /** Hash of the confirmed document, 16 hexadecimal digits, as REST writes it. */
  readonly stateHash: string;
  /** Own ops that the server has not confirmed. */
  readonly pending: number;
  readonly objects: readonly InspectedMark[];
  /** Marks that are seen over the picture of now, `author:counter`. */
  readonly seen: readonly string[];
  readonly participants: readonly Participant[];
  readonly publications: readonly Publication[];
  /** Publication of the large picture. */
  readonly main: string | undefined;
  /** Frame on the screen. */
  readonly frame: { readonly media: string; readonly rtpTimestamp: number; readonly index: number | undefined; readonly epoch: number } | undefined;
  readonly frozen: boolean;
  /** Pictures presented so far. */
  readonly presented: number;
  /** Place of the picture in the window, CSS px. */
  readonly rect: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Participants whose pointer is on the picture. */
  readonly pointers: readonly { readonly participant: number; readonly x: number; readonly y: number }[];
  readonly roundTripMs: number | undefined;
  /** Frame of the large picture at an RTP timestamp. */
  frameAt(rtpTimestamp: number): FrameNumber | undefined;
  /**
   * Calls `listener` with the marks of each change, the own ones and those that arrive,
   * until the result is called.
   */
  onChange(listener: (changed: readonly InspectedMark[]) => void): () => void;
}

declare global {
  interface Window {
    fmz?: Inspection;
  }
}

const KINDS: Readonly<Record<number, string>> = {
  [Kind.BRUSH]: "brush",
  [Kind.RECTANGLE]: "rectangle",
  [Kind.ELLIPSE]: "ellipse",
  [Kind.ARROW]: "arrow",
  [Kind.TEXT]: "text",
  [Kind.LINE]: "line",
  [Kind.POLYGON]: "polygon",
  [Kind.PIN]: "pin",
  [Kind.REDACTION]: "redaction",
  [Kind.STAMP]: "stamp",
  [Kind.REPLY]: "reply",
};

const STATUS_WORDS: Readonly<Record<ThreadStatus, string>> = {
  [Status.OPEN]: "open",
  [Status.IN_PROGRESS]: "in progress",
  [Status.RESOLVED]: "resolved",
  [Status.APPROVED]: "approved",
  [Status.REJECTED]: "rejected",
};

/** Shows a room as `window.fmz`. */
export function exposeRoom(room: RoomState): void {
  const { connection, document: shared, figures, marks, people, picture, presence, sources, view, visibility } = room;
  window.fmz = {
    get connection() {
      return connection.status.peek().kind;
    },
    get media() {
      return connection.media.peek().kind;
    },
    get relay() {
      return figures.relayPath.peek();
    },
    get path() {
      return connection.path;
    },
    get ended() {
      const status = connection.status.peek();
      return status.kind === "ended" ? status.code : undefined;
    },
    get self() {
      return people.self.peek();
    },
    get author() {
      return people.author;
    },
    get revision() {
      return Number(shared.revision);
    },
    get stateHash() {
      return shared.stateHash.toString(16).padStart(16, "0");
    },
    get pending() {
      return shared.pending;
    },
    get objects() {
      return marks.all().map((object) => inspect(people, object));
    },
    get seen() {
      return marks.all().filter((mark) => visibility.isSeen(mark)).map(({ id }) => keyOf(id));
    },
    get participants() {
      return people.participants.peek();
    },
    get publications() {
      return sources.publications.peek();
    },
    get main() {
      return sources.main.peek()?.publication;
    },
    get frame() {
      return picture.shown.peek();
    },
    get frozen() {
      return picture.frozen.peek();
    },
    get presented() {
      return picture.presented;
    },
    get rect() {
      const { x, y, width, height } = view.rect.peek();
      const stage = document.querySelector(".stage")?.getBoundingClientRect();
      return { x: x + (stage?.left ?? 0), y: y + (stage?.top ?? 0), width, height };
    },
    get pointers() {
      return [...presence.pointers.peek().all].map(([participant, { x, y }]) => ({ participant, x, y }));
    },
    get roundTripMs() {
      return connection.roundTrip.peek();
    },
    frameAt: (rtpTimestamp) => picture.frameAt(rtpTimestamp),
    onChange: (listener) =>
      marks.onChange((changed) => {
        listener(changed.map((object) => inspect(people, object)));
      }),
  };
}

function inspect(people: People, object: ObjectState): InspectedMark {
  const { id, kind, color, width, start, end, offset, text, stamp, assignee, parent, ended, pending, frame } = object;
  return {
    author: id?.author ?? 0,
    counter: id?.counter ?? 0,
    authorName: people.authorName(id?.author ?? 0),
    kind: KINDS[kind] ?? "",
    color: cssColor(color),
    width,
    start: start && [start.x, start.y],
    end: end && [end.x, end.y],
    offset: [offset?.x ?? 0, offset?.y ?? 0],
    points: decodePoints(object.points).map(({ x, y }) => [x, y] as const),
    text,
    stamp,
    status: STATUS_WORDS[statusOf(object)],
    assignee,
    parent: parent && keyOf(parent),
    ended,
    pending,
    media: frame?.media ?? "",
    publication: frame?.publication ?? "",
    rtpTimestamp: Number(frame?.rtpTimestamp ?? 0n),
    frame: frame?.frameIndex,
    uncertain: frame?.uncertain ?? false,
  };
}
