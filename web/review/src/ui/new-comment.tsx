import { Kind } from "@fmz/client";
import { batch } from "@preact/signals";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import { keyOf } from "../state/marks";
import { createOp, property } from "../state/ops";
import type { CommentEntry, RoomState } from "../state/room";
import { submitMark } from "../state/sight";
import { CommentBox } from "./comment-box";

/** The words of a comment whose pin was just put. The pin enters the document with them. */
export function NewComment() {
  const room = useRoom();
  const entry = room.commentEntry.value;
  if (!entry) return null;
  return (
    <section class="new-comment" aria-label={t("thread.new")}>
      <CommentBox
        id="comment"
        label={t("thread.write")}
        focusFor={entry}
        onSend={(text) => pinComment(room, entry, text)}
        onDrop={() => {
          room.commentEntry.value = undefined;
        }}
      />
    </section>
  );
}

function pinComment(room: RoomState, { start, sight }: CommentEntry, text: string): boolean {
  const id = room.document.nextId();
  if (!id) return false;
  const values = [property.color(room.tools.rgba), property.start(start), property.text(text)];
  return batch(() => {
    if (!submitMark(room.document, id, sight, (frame) => [createOp(id, Kind.PIN, frame, values)])) return false;
    room.commentEntry.value = undefined;
    room.marks.selected.value = keyOf(id);
    return true;
  });
}
