import { Input } from "./input";
import { Overlay, type Canvases } from "./overlay";
import type { StageParts } from "./parts";

/** Draws the room's marks over the picture and takes the pointer; the result ends both. */
export function mountOverlay(parts: StageParts, canvases: Canvases): () => void {
  const overlay = new Overlay(parts, canvases);
  const input = new Input(parts, canvases.motion, overlay);
  const ends = [overlay.start(), input.start()];
  return () => {
    for (const end of ends) end();
  };
}
