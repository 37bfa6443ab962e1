import type { Ref } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import { keyOf } from "../state/marks";
import type { RoomState } from "../state/room";
import { pinNumbers } from "../state/threads";
import { NewComment } from "./new-comment";
import { Note } from "./note-row";

/** Rows in the page at once, the newest: a long session has thousands. */
const ROWS_MAX = 300;

/**
 * The marks in words: what stands on the canvas, for those who do not see it and
 * for finding it again.
 */
export function NotesPanel() {
  const room = useRoom();
  const marks = room.notes.value;
  const list = useRef<HTMLOListElement>(null);
  useLayoutEffect(() => { followNewest(list.current); }, [marks.length]);
  return (
    <>
      <NewComment />
      {marks.length === 0 && !room.commentEntry.value && <p class="empty">{emptyWords(room)}</p>}
      <NoteList list={list} />
    </>
  );
}

function NoteList({ list }: { readonly list: Ref<HTMLOListElement> }) {
  const room = useRoom();
  const marks = room.notes.value;
  const numbers = pinNumbers(room.marks.list.value);
  if (marks.length === 0) return null;
  return (
    <ol ref={list} class="notes" aria-label={t("panel.notes.list")}>
      {marks.slice(-ROWS_MAX).map((object) => (
        <Note key={keyOf(object.id)} object={object} number={numbers.get(keyOf(object.id))} />
      ))}
    </ol>
  );
}

/**
 * Shows the newest note where the one before it was in sight: who reads further up,
 * or writes, is left alone.
 */
function followNewest(list: HTMLElement | null): void {
  const body = list?.parentElement;
  const newest = list?.lastElementChild;
  if (!body || !newest || body.querySelector("textarea:focus")) return;
  const hidden = body.scrollHeight - body.scrollTop - body.clientHeight;
  if (hidden <= 2 * newest.clientHeight) newest.scrollIntoView({ block: "nearest" });
}

function emptyWords(room: RoomState): string {
  if (room.marks.list.value.length > 0) return t("panel.notes.empty.frame");
  return t(room.rights.value.annotate ? "panel.notes.empty.draw" : "panel.notes.empty");
}
