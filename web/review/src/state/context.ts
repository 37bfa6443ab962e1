import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { RoomState } from "./room";

const RoomContext = createContext<RoomState | undefined>(undefined);

/** Gives the room's parts to the components below it. */
export const RoomProvider = RoomContext.Provider;

/** Makes the hook for one part, so that the imports of a component say what it reaches. */
function part<Name extends keyof RoomState>(name: Name): () => RoomState[Name] {
  return () => {
    const room = useContext(RoomContext);
    if (!room) throw new Error("no room around this component");
    return room[name];
  };
}

export const useApi = part("api");
export const useChosen = part("chosen");
export const useConnection = part("connection");
export const useDocument = part("document");
export const useDrafts = part("drafts");
export const useEdits = part("edits");
export const useFigures = part("figures");
export const useLink = part("link");
export const useLocalMedia = part("media");
export const useMarks = part("marks");
export const useNotes = part("notes");
export const useNotices = part("notices");
export const usePanels = part("panels");
export const usePeople = part("people");
export const usePicture = part("picture");
export const useSources = part("sources");
export const useTools = part("tools");
export const useVersions = part("versions");
export const useView = part("view");
export const useVisibility = part("visibility");
