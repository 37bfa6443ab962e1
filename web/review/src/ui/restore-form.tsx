import type { FramesOf, Target } from "@fmz/client";
import { useSignal } from "@preact/signals";
import { t } from "../i18n";
import { useMarks, usePeople, usePicture, useVersions } from "../state/context";
import type { Marks } from "../state/marks";
import type { People } from "../state/people";
import type { Whose } from "../state/versions";

/** Restores by version or time, for everybody or one author, on all frames or some. */
export function RestoreForm() {
  const versions = useVersions();
  const marks = useMarks();
  const people = usePeople();
  const picture = usePicture();
  const { own } = people.rights.value;
  const to = useSignal("");
  const time = useSignal("");
  const of = useSignal(own ? "all" : "mine");
  const first = useSignal("");
  const last = useSignal("");
  const target = targetOf(to.value, time.value);
  const frames = framesOf(picture.media.value, first.value, last.value);
  return (
    <details class="restore">
      <summary>{t("restore.title")}</summary>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (target && frames !== "unknown") void versions.restore(target, whoseOf(of.value), frames === "all" ? undefined : frames);
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
            {own && authorsOf(marks, people).map(([author, name]) => (
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
        <button type="submit" id="restore-go" class="button" disabled={!target || frames === "unknown" || versions.busy.value}>
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

/**
 * Returns the frames of the picture that are meant: all if none is given, unknown if there is no
 * picture whose frames they could be.
 */
function framesOf(media: string | undefined, first: string, last: string): FramesOf | "all" | "unknown" {
  const from = Number.parseInt(first, 10);
  if (Number.isNaN(from)) return "all";
  if (!media) return "unknown";
  const to = Number.parseInt(last, 10);
  return { media, first: from, last: Number.isNaN(to) ? from : to };
}

/** Returns the authors of the marks that are there: numbers and names. */
function authorsOf(marks: Marks, people: People): (readonly [number, string])[] {
  const numbers = new Set(marks.list.value.map(({ id }) => id?.author ?? 0));
  return [...numbers].filter((author) => author > 0).map((author) => [author, people.authorName(author)] as const);
}
