import type { RoomState } from "../state/room";
import { Input } from "./input";
import { Overlay, type Canvases } from "./overlay";

/** Draws the room's marks over the picture and takes the pointer; the result ends both. */
export function mountOverlay(room: RoomState, canvases: Canvases): () => void {
  const overlay = new Overlay(room, canvases);
  const input = new Input(room, canvases.motion, overlay);
  const ends = [overlay.start(), input.start()];
  return () => {
    for (const end of ends) end();
  };
}
