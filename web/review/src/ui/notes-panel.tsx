import { timecode, type ObjectState } from "@fmz/client";
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
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import { isGrowing, keyOf } from "../state/marks";
import { isOnFrame } from "../state/picture";
import type { RoomState } from "../state/room";
import { cssColor } from "../state/tools";
import { IconButton } from "./icon-button";

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

/** Kinds that this page does not know count as 0. */
function kindOf({ kind }: ObjectState): MarkKind {
  return kind in ICONS ? (kind) : 0;
}
/** Rows in the page at once, the newest: a long session has thousands. */
const ROWS_MAX = 300;

/** The marks in words: what stands on the canvas, for those who do not see it and for finding it again. */
export function NotesPanel() {
  const room = useRoom();
  const all = room.marks.list.value.filter((object) => !isGrowing(object));
  const shown = room.onlyThisFrame.value ? room.picture.shown.value : undefined;
  const marks = room.onlyThisFrame.value ? all.filter(({ frame }) => isOnFrame(frame, shown)) : all;
  const list = useRef<HTMLOListElement>(null);
  useLayoutEffect(() => { followNewest(list.current); }, [marks.length]);
  if (marks.length === 0) return <p class="empty">{emptyWords(room, all.length > 0)}</p>;
  return (
    <ol ref={list} class="notes" aria-label={t("panel.notes.list")}>
      {marks.slice(-ROWS_MAX).map((object) => (
        <Note key={keyOf(object.id)} object={object} />
      ))}
    </ol>
  );
}

/** Shows the newest note where the one before it was in sight: who reads further up is left alone. */
function followNewest(list: HTMLElement | null): void {
  const body = list?.parentElement;
  const newest = list?.lastElementChild;
  if (!body || !newest) return;
  const hidden = body.scrollHeight - body.scrollTop - body.clientHeight;
  if (hidden <= 2 * newest.clientHeight) newest.scrollIntoView({ block: "nearest" });
}

function emptyWords(room: RoomState, elsewhere: boolean): string {
  if (elsewhere) return t("panel.notes.empty.frame");
  return t(room.rights.value.annotate ? "panel.notes.empty.draw" : "panel.notes.empty");
}

function Note({ object }: { readonly object: ObjectState }) {
  const room = useRoom();
  const key = keyOf(object.id);
  const kind = kindOf(object);
  const Icon = ICONS[kind];
  const chosen = room.marks.selected.value === key;
  const row = useRef<HTMLLIElement>(null);
  useEffect(() => {
    if (chosen) row.current?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const name = room.authorName(object.id) || t("panel.people.unnamed");
  return (
    <li ref={row} class="note" data-chosen={chosen} data-mark={key}>
      <button
        type="button"
        class="note-main"
        aria-pressed={chosen}
        onClick={() => {
          room.marks.selected.value = chosen ? undefined : key;
        }}
      >
        <span class="note-icon" style={{ color: cssColor(object.color) }}>
          <Icon size={18} strokeWidth={1.5} aria-hidden="true" />
        </span>
        <span class="note-words">
          <span class="note-title">{object.text || t(`kind.${kind}`)}</span>
          <span class="note-detail">
            {name}
            <FramePlace object={object} />
            {object.pending && <span class="note-pending" title={t("panel.notes.pending")} aria-label={t("panel.notes.pending")} />}
          </span>
        </span>
      </button>
      {chosen && object.id && room.mayChange(object.id) && (
        <IconButton
          icon={Trash2}
          label={t("tools.delete")}
          shortcut="Del"
          onClick={() => {
            room.deleteSelected();
          }}
        />
      )}
    </li>
  );
}

/** The frame that a mark was made on, in the words of its publication. */
function FramePlace({ object: { frame } }: { readonly object: ObjectState }) {
  const room = useRoom();
  if (frame?.frameIndex === undefined) return null;
  const publication = room.publications.value.find(({ publication }) => publication === frame.publication);
  const map = publication?.frameMaps.at(-1);
  return (
    <>
      {map && <span class="note-timecode">{timecode(map, frame.frameIndex)}</span>}
      <span class="note-timecode">f {frame.frameIndex}</span>
    </>
  );
}
