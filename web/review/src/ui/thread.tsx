import { Status, type ObjectState } from "@fmz/client";
import { BadgeCheck, Check, CircleCheck, CircleDot, CircleEllipsis, CircleX, RotateCcw, Trash2, type LucideIcon } from "lucide-preact";
import { language, t } from "../i18n";
import { useRoom } from "../state/context";
import { keyOf } from "../state/marks";
import { deleteOp, property, replyOp, setOp } from "../state/ops";
import type { RoomState } from "../state/room";
import { submitMark } from "../state/sight";
import { isSettled, repliesOf, STATUSES, statusOf, type ThreadStatus } from "../state/threads";
import { CommentBox } from "./comment-box";
import { IconButton } from "./icon-button";

const SIGNS: Readonly<Record<ThreadStatus, LucideIcon>> = {
  [Status.OPEN]: CircleDot,
  [Status.IN_PROGRESS]: CircleEllipsis,
  [Status.RESOLVED]: CircleCheck,
  [Status.APPROVED]: BadgeCheck,
  [Status.REJECTED]: CircleX,
};

/** Where a thread stands, as a sign and a word. */
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

/** The thread of a pin: where it stands, who is to act, the replies, and a place to write one. */
export function Thread({ pin }: { readonly pin: ObjectState }) {
  const room = useRoom();
  const replies = repliesOf(room.marks.list.value, keyOf(pin.id));
  const mayWrite = room.rights.value.annotate;
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
          onSend={(text) => sendReply(room, pin, text)}
        />
      )}
    </div>
  );
}

function Settings({ pin }: { readonly pin: ObjectState }) {
  const room = useRoom();
  const status = statusOf(pin);
  const settled = isSettled(status);
  return (
    <div class="thread-settings">
      <select
        id="thread-status"
        aria-label={t("thread.status")}
        value={status}
        onChange={({ currentTarget }) => {
          change(room, pin, property.status(STATUSES[currentTarget.selectedIndex] ?? Status.OPEN));
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
          change(room, pin, property.status(settled ? Status.OPEN : Status.RESOLVED));
        }}
      />
    </div>
  );
}

function Assignee({ pin }: { readonly pin: ObjectState }) {
  const room = useRoom();
  const people = room.drawers();
  return (
    <select
      id="thread-assignee"
      aria-label={t("thread.assignee")}
      value={pin.assignee}
      onChange={({ currentTarget }) => {
        change(room, pin, property.assignee(currentTarget.value));
      }}
    >
      <option value="">{t("thread.assignee.nobody")}</option>
      {[...people].map(([identity, name]) => (
        <option key={identity} value={identity}>
          {t("thread.assignee.is", { name: name || t("panel.people.unnamed") })}
        </option>
      ))}
    </select>
  );
}

function Reply({ reply }: { readonly reply: ObjectState }) {
  const room = useRoom();
  const { id, text, createdMs, pending } = reply;
  return (
    <li class="reply" data-mark={keyOf(id)}>
      <div class="reply-words">
        <p class="note-title">{text}</p>
        <p class="note-detail">
          {room.authorName(id) || t("panel.people.unnamed")}
          {createdMs > 0n && <time dateTime={new Date(Number(createdMs)).toISOString()}>{timeOf(createdMs)}</time>}
          {pending && <span class="note-pending" title={t("panel.notes.pending")} aria-label={t("panel.notes.pending")} />}
        </p>
      </div>
      {id && room.mayChange(id) && (
        <IconButton
          icon={Trash2}
          label={t("thread.reply.delete")}
          onClick={() => {
            room.document.submit([deleteOp(id)]);
          }}
        />
      )}
    </li>
  );
}

function change(room: RoomState, { id }: ObjectState, value: Parameters<typeof setOp>[1]): void {
  if (id) room.document.submit([setOp(id, value)]);
}

function sendReply({ document, picture }: RoomState, pin: ObjectState, text: string): boolean {
  const id = document.nextId();
  const { id: parent } = pin;
  return id !== undefined && parent !== undefined && submitMark(document, id, picture.sight(), (frame) => [replyOp(id, parent, frame, text)]);
}

function timeOf(ms: bigint): string {
  return new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "short" }).format(Number(ms));
}
