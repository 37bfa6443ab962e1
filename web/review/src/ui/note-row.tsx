import { Kind, timecode, type ObjectState } from "@fmz/client";
import {
  Brush,
  Circle,
  CircleQuestionMark,
  MapPin,
  MessageSquareReply,
  MoveUpRight,
  Pentagon,
  Slash,
  Square,
  SquareDashed,
  Stamp,
  Trash2,
  Type,
  type LucideIcon,
} from "lucide-preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { inkOn } from "../stage/pins";
import { useChosen, useDocument, useMarks, useNotes, usePeople } from "../state/context";
import { keyOf } from "../state/marks";
import { isSettled, statusOf } from "../state/threads";
import { cssColor, STAMPS } from "../state/tools";
import { IconButton } from "./icon-button";
import { StampSign } from "./stamp-choice";
import { StatusWord, Thread } from "./thread";
import { Uncertain } from "./uncertain";

const ICONS = {
  0: CircleQuestionMark,
  1: Brush,
  2: Square,
  3: Circle,
  4: MoveUpRight,
  5: Type,
  6: Slash,
  7: Pentagon,
  8: MapPin,
  9: SquareDashed,
  10: Stamp,
  11: MessageSquareReply,
} satisfies Readonly<Record<number, LucideIcon>>;
type MarkKind = keyof typeof ICONS;

/** Returns the kind of a mark. One that this page does not know counts as 0. */
function kindOf({ kind }: ObjectState): MarkKind {
  return kind in ICONS ? kind : 0;
}

/** One mark in words; a chosen pin with its thread. `number` is that of a pin. */
export function Note({ object, number }: { readonly object: ObjectState; readonly number: number | undefined }) {
  const marks = useMarks();
  const people = usePeople();
  const chosenMark = useChosen();
  const key = keyOf(object.id);
  const chosen = marks.selected.value === key;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const name = people.authorName(object.id?.author ?? 0) || t("panel.people.unnamed");
  return (
    <li ref={row} data-chosen={chosen} data-mark={key}>
      <div class="note">
        <button
          type="button"
          class="note-main"
          aria-pressed={chosen}
          onClick={() => {
            marks.selected.value = chosen ? undefined : key;
          }}
        >
          <NoteSign object={object} number={number} />
          <span class="note-words">
            <span class="note-title">{titleOf(object)}</span>
            <span class="note-detail">
              {name}
              <FramePlace object={object} />
              {object.kind === Kind.PIN && <ThreadState pin={object} />}
              {object.pending && <span class="note-pending" title={t("panel.notes.pending")} aria-label={t("panel.notes.pending")} />}
            </span>
          </span>
        </button>
        {chosen && object.id && people.mayChange(object.id) && (
          <IconButton
            icon={Trash2}
            label={t("tools.delete")}
            shortcut="Del"
            onClick={() => {
              chosenMark.delete();
            }}
          />
        )}
      </div>
      {chosen && object.kind === Kind.PIN && <Thread key={key} pin={object} />}
    </li>
  );
}

/** The look of a mark: a pin by its number, a stamp by its sign, others by their kind. */
function NoteSign({ object, number }: { readonly object: ObjectState; readonly number: number | undefined }) {
  const color = cssColor(object.color);
  const stamp = STAMPS.find((name) => name === object.stamp);
  const Icon = ICONS[kindOf(object)];
  if (number !== undefined) {
    return (
      <span class="note-number" style={isSettled(statusOf(object)) ? { color } : { backgroundColor: color, borderColor: color, color: inkOn(object.color) }}>
        {number}
      </span>
    );
  }
  return (
    <span class="note-icon" style={{ color }}>
      {stamp ? <StampSign stamp={stamp} /> : <Icon size={18} strokeWidth={1.5} aria-hidden="true" />}
    </span>
  );
}

function titleOf(object: ObjectState): string {
  const stamp = STAMPS.find((name) => name === object.stamp);
  return object.text || (stamp ? t("stamp.named", { name: t(`stamp.${stamp}`) }) : t(`kind.${kindOf(object)}`));
}

/** The status of a thread, the person who is to act, and the number of replies. */
function ThreadState({ pin }: { readonly pin: ObjectState }) {
  const people = usePeople();
  const replies = useNotes().repliesOf(keyOf(pin.id)).length;
  const assignee = pin.assignee && people.drawers().get(pin.assignee);
  return (
    <>
      <StatusWord pin={pin} />
      {assignee && <span>{t("thread.assignee.is", { name: assignee })}</span>}
      {replies > 0 && <span>{t(replies === 1 ? "thread.replies.one" : "thread.replies.other", { count: replies })}</span>}
    </>
  );
}

/** The frame that a mark was made on, in the words of its media. */
function FramePlace({ object: { frame } }: { readonly object: ObjectState }) {
  const document = useDocument();
  if (frame?.frameIndex === undefined) return null;
  const media = document.media(frame.media);
  return (
    <>
      {media && media.num > 0 && <span class="note-timecode">{timecode(media, frame.frameIndex)}</span>}
      <span class="note-timecode">f {frame.frameIndex}</span>
      {frame.uncertain && <Uncertain />}
    </>
  );
}
