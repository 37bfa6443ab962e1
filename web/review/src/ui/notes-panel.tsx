import type { Ref } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { useDrafts, useNotes, usePeople } from "../state/context";
import { keyOf } from "../state/marks";
import { NewComment } from "./new-comment";
import { Note } from "./note-row";

/** Rows in the page at once, the newest: a long session has thousands. */
const ROWS_MAX = 300;

/** The marks in words, for people who do not see the canvas, and for finding a mark again. */
export function NotesPanel() {
  const notes = useNotes();
  const drafts = useDrafts();
  const { annotate } = usePeople().rights.value;
  const listed = notes.listed.value;
  const list = useRef<HTMLOListElement>(null);
  useLayoutEffect(() => { followNewest(list.current); }, [listed.length]);
  return (
    <>
      <NewComment />
      {listed.length === 0 && !drafts.comment.value && <p class="empty">{emptyWords(notes.all.value.length > 0, annotate)}</p>}
      <NoteList list={list} />
    </>
  );
}

function NoteList({ list }: { readonly list: Ref<HTMLOListElement> }) {
  const notes = useNotes();
  const listed = notes.listed.value;
  const numbers = notes.numbers.value;
  if (listed.length === 0) return null;
  return (
    <ol ref={list} class="notes" aria-label={t("panel.notes.list")}>
      {listed.slice(-ROWS_MAX).map((object) => (
        <Note key={keyOf(object.id)} object={object} number={numbers.get(keyOf(object.id))} />
      ))}
    </ol>
  );
}

/**
 * Shows the newest note if the one before it was in sight: a person who reads further up, or writes,
 * is left alone.
 */
function followNewest(list: HTMLElement | null): void {
  const body = list?.parentElement;
  const newest = list?.lastElementChild;
  if (!body || !newest || body.querySelector("textarea:focus")) return;
  const hidden = body.scrollHeight - body.scrollTop - body.clientHeight;
  if (hidden <= 2 * newest.clientHeight) newest.scrollIntoView({ block: "nearest" });
}

function emptyWords(others: boolean, annotate: boolean): string {
  if (others) return t("panel.notes.empty.frame");
  return t(annotate ? "panel.notes.empty.draw" : "panel.notes.empty");
}
