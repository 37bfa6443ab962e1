import { Status, type ObjectState, type SharedDocument } from "@fmz/client";
import { BadgeCheck, Check, CircleCheck, CircleDot, CircleEllipsis, CircleX, RotateCcw, Trash2, type LucideIcon } from "lucide-preact";
import { language, t } from "../i18n";
import { useDocument, useNotes, usePeople, usePicture } from "../state/context";
import { keyOf } from "../state/marks";
import { deleteOp, property, replyOp, setOp } from "../state/ops";
import type { PictureSource } from "../state/picture-source";
import { submitMark } from "../state/sight";
import { isSettled, STATUSES, statusOf, type ThreadStatus } from "../state/threads";
import { CommentBox } from "./comment-box";
import { IconButton } from "./icon-button";

const SIGNS: Readonly<Record<ThreadStatus, LucideIcon>> = {
  [Status.OPEN]: CircleDot,
  [Status.IN_PROGRESS]: CircleEllipsis,
  [Status.RESOLVED]: CircleCheck,
  [Status.APPROVED]: BadgeCheck,
  [Status.REJECTED]: CircleX,
};

/** The status of a thread, as a sign and a word. */
export function StatusWord({ pin }: { readonly pin: ObjectState }) {
  const status = statusOf(pin);
  const Sign = SIGNS[status];
  return (
    <span class="status-sign" data-status={status}>
      <Sign size={14} strokeWidth={1.75} aria-hidden="true" />
      {t(`status.${status}`)}
    </span>
  );
}

/** The thread of a pin: its status, the person who is to act, the replies, and a box for another. */
export function Thread({ pin }: { readonly pin: ObjectState }) {
  const document = useDocument();
  const picture = usePicture();
  const replies = useNotes().repliesOf(keyOf(pin.id));
  const mayWrite = usePeople().rights.value.annotate;
  if (!mayWrite && replies.length === 0) return null;
  return (
    <div class="thread">
      {mayWrite && <Settings pin={pin} />}
      {replies.length > 0 && (
        <ol class="replies" aria-label={t("thread.replies")}>
          {replies.map((reply) => (
            <Reply key={keyOf(reply.id)} reply={reply} />
          ))}
        </ol>
      )}
      {mayWrite && (
        <CommentBox
          id="reply"
          label={t("thread.reply")}
          onSend={(text) => sendReply(document, picture, pin, text)}
        />
      )}
    </div>
  );
}

function Settings({ pin }: { readonly pin: ObjectState }) {
  const document = useDocument();
  const status = statusOf(pin);
  const settled = isSettled(status);
  return (
    <div class="thread-settings">
      <select
        id="thread-status"
        aria-label={t("thread.status")}
        value={status}
        onChange={({ currentTarget }) => {
          change(document, pin, property.status(STATUSES[currentTarget.selectedIndex] ?? Status.OPEN));
        }}
      >
        {STATUSES.map((each) => (
          <option key={each} value={each}>
            {t(`status.${each}`)}
          </option>
        ))}
      </select>
      <Assignee pin={pin} />
      <IconButton
        id="thread-resolve"
        icon={settled ? RotateCcw : Check}
        label={t(settled ? "thread.reopen" : "thread.resolve")}
        onClick={() => {
          change(document, pin, property.status(settled ? Status.OPEN : Status.RESOLVED));
        }}
      />
    </div>
  );
}

function Assignee({ pin }: { readonly pin: ObjectState }) {
  const document = useDocument();
  const drawers = usePeople().drawers();
  return (
    <select
      id="thread-assignee"
      aria-label={t("thread.assignee")}
      value={pin.assignee}
      onChange={({ currentTarget }) => {
        change(document, pin, property.assignee(currentTarget.value));
      }}
    >
      <option value="">{t("thread.assignee.nobody")}</option>
      {[...drawers].map(([identity, name]) => (
        <option key={identity} value={identity}>
          {t("thread.assignee.is", { name: name || t("panel.people.unnamed") })}
        </option>
      ))}
    </select>
  );
}

function Reply({ reply }: { readonly reply: ObjectState }) {
  const document = useDocument();
  const people = usePeople();
  const { id, text, createdMs, pending } = reply;
  return (
    <li class="reply" data-mark={keyOf(id)}>
      <div class="reply-words">
        <p class="note-title">{text}</p>
        <p class="note-detail">
          {people.authorName(id?.author ?? 0) || t("panel.people.unnamed")}
          {createdMs > 0n && <time dateTime={new Date(Number(createdMs)).toISOString()}>{timeOf(createdMs)}</time>}
          {pending && <span class="note-pending" title={t("panel.notes.pending")} aria-label={t("panel.notes.pending")} />}
        </p>
      </div>
      {id && people.mayChange(id) && (
        <IconButton
          icon={Trash2}
          label={t("thread.reply.delete")}
          onClick={() => {
            document.submit([deleteOp(id)]);
          }}
        />
      )}
    </li>
  );
}

function change(document: SharedDocument, { id }: ObjectState, value: Parameters<typeof setOp>[1]): void {
  if (id) document.submit([setOp(id, value)]);
}

function sendReply(document: SharedDocument, picture: PictureSource, pin: ObjectState, text: string): boolean {
  const id = document.nextId();
  const { id: parent } = pin;
  return id !== undefined && parent !== undefined && submitMark(document, id, picture.sight(), (frame) => [replyOp(id, parent, frame, text)]);
}

function timeOf(ms: bigint): string {
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }).format(Number(ms));
}
