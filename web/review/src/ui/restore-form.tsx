import type { FramesOf, Target } from "@fmz/client";
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { useRoom } from "../state/context";
import type { RoomState } from "../state/room";
import type { Whose } from "../state/versions";

/** Goes back by version or time, for everybody or one author, on all frames or some. */
export function RestoreForm() {
  const room = useRoom();
  const { versions } = room;
  const { own } = room.rights.value;
  const to = useSignal("");
  const time = useSignal("");
  const of = useSignal(own ? "all" : "mine");
  const first = useSignal("");
  const last = useSignal("");
  const target = targetOf(to.value, time.value);
  return (
    <details class="restore">
      <summary>{t("restore.title")}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (target) void versions.restore(target, whoseOf(of.value), framesOf(room, first.value, last.value));
        }}
      >
        <label>
          {t("restore.to")}
          <select id="restore-to" value={to.value} onChange={({ currentTarget }) => { to.value = currentTarget.value; }}>
            <option value="">{t("restore.to.time")}</option>
            {versions.list.value.map(({ id, name, committedMs, automatic }) => (
              <option key={id} value={id}>
                {name || t(automatic ? "versions.automatic" : "versions.unnamed")} · {new Date(committedMs).toLocaleTimeString()}
              </option>
            ))}
          </select>
        </label>
        {to.value === "" && (
          <label>
            {t("restore.time")}
            <input id="restore-time" type="datetime-local" step="1" value={time.value} onInput={({ currentTarget }) => { time.value = currentTarget.value; }} />
          </label>
        )}
        <label>
          {t("restore.of")}
          <select id="restore-of" value={of.value} onChange={({ currentTarget }) => { of.value = currentTarget.value; }}>
            {own && <option value="all">{t("restore.of.all")}</option>}
            <option value="mine">{t("restore.of.mine")}</option>
            {own && authorsOf(room).map(([author, name]) => (
              <option key={author} value={author}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <fieldset>
          <legend>{t("restore.frames")}</legend>
          <input aria-label={t("restore.frames.first")} placeholder={t("restore.frames.first")} inputMode="numeric" value={first.value} onInput={({ currentTarget }) => { first.value = currentTarget.value; }} />
          <input aria-label={t("restore.frames.last")} placeholder={t("restore.frames.last")} inputMode="numeric" value={last.value} onInput={({ currentTarget }) => { last.value = currentTarget.value; }} />
        </fieldset>
        <p class="hint">{t("restore.hint")}</p>
        <button type="submit" id="restore-go" class="button" disabled={!target || versions.busy.value}>
          {t("restore.go")}
        </button>
      </form>
    </details>
  );
}

function targetOf(version: string, time: string): Target | undefined {
  if (version !== "") return { version };
  const timeMs = Date.parse(time);
  return Number.isNaN(timeMs) ? undefined : { timeMs };
}

function whoseOf(choice: string): Whose {
  return choice === "all" || choice === "mine" ? choice : { author: Number(choice) };
}

/** The frames of the large picture; all where none is given. */
function framesOf(room: RoomState, first: string, last: string): FramesOf | undefined {
  const media = room.main.peek()?.media;
  const from = Number.parseInt(first, 10);
  if (!media || Number.isNaN(from)) return undefined;
  const to = Number.parseInt(last, 10);
  return { media, first: from, last: Number.isNaN(to) ? from : to };
}

/** Everybody whose marks the document knows, by name. */
function authorsOf(room: RoomState): (readonly [number, string])[] {
  const numbers = new Set(room.marks.list.value.map(({ id }) => id?.author ?? 0));
  return [...numbers].filter((author) => author > 0).map((author) => [author, room.authorNumberName(author)] as const);
}
