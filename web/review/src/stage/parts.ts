import type { RoomState } from "../state/room";

/** The parts of a room that the stage works on. */
export type StageParts = Pick<
  RoomState,
  "document" | "drafts" | "marks" | "notes" | "people" | "picture" | "polygon" | "presence" | "tools" | "versions" | "view" | "visibility"
>;

/** The parts that a gesture needs if it makes a mark. */
export type DrawParts = Pick<StageParts, "document" | "picture" | "tools" | "view">;
