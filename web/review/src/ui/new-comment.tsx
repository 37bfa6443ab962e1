import { Kind } from "@fmz/client";
import { batch } from "@preact/signals";
import { t } from "../i18n";
import { useDocument, useDrafts, useMarks, useTools } from "../state/context";
import type { CommentDraft } from "../state/drafts";
import { keyOf } from "../state/marks";
import { createOp, property } from "../state/ops";
import type { RoomState } from "../state/room";
import { submitMark } from "../state/sight";
import { CommentBox } from "./comment-box";

/** The parts that make a comment. */
type CommentParts = Pick<RoomState, "document" | "drafts" | "marks" | "tools">;

/** The box for the words of a comment whose pin was just put. The pin enters the document with them. */
export function NewComment() {
  const parts = { document: useDocument(), drafts: useDrafts(), marks: useMarks(), tools: useTools() };
  const draft = parts.drafts.comment.value;
  if (!draft) return null;
  return (
    <section class="new-comment" aria-label={t("thread.new")}>
      <CommentBox
        id="comment"
        label={t("thread.write")}
        focusFor={draft}
        onSend={(text) => pinComment(parts, draft, text)}
        onDrop={() => {
          parts.drafts.comment.value = undefined;
        }}
      />
    </section>
  );
}

function pinComment({ document, drafts, marks, tools }: CommentParts, { start, sight }: CommentDraft, text: string): boolean {
  const id = document.nextId();
  if (!id) return false;
  const values = [property.color(tools.rgba), property.start(start), property.text(text)];
  return batch(() => {
    if (!submitMark(document, id, sight, (frame) => [createOp(id, Kind.PIN, frame, values)])) return false;
    drafts.comment.value = undefined;
    marks.selected.value = keyOf(id);
    return true;
  });
}
