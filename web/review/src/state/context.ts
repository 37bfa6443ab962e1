import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { RoomState } from "./room";

export const RoomContext = createContext<RoomState | undefined>(undefined);

/** The room that the page is in. */
export function useRoom(): RoomState {
  const room = useContext(RoomContext);
  if (!room) throw new Error("no room around this component");
  return room;
}
