import type { NamedVersion } from "@fmz/client";
import { useSignal } from "@preact/signals";
import { Eye, EyeOff, History } from "lucide-preact";
import { useEffect } from "preact/hooks";
import { language, t } from "../i18n";
import { usePeople, useVersions } from "../state/context";
import { IconButton } from "./icon-button";
import { RestoreForm } from "./restore-form";

/**
 * Time between two looks at the list while it is open, ms: versions are made by hand
 * or after minutes of rest.
 */
const REFRESH_MS = 10_000;

/** Shows the versions of the room: their names, their look, and restoring them. */
export function VersionsPanel() {
  const versions = useVersions();
  const { annotate } = usePeople().rights.value;
  useEffect(() => {
    void versions.refresh();
    const timer = setInterval(() => {
      if (!versions.busy.peek()) void versions.refresh();
    }, REFRESH_MS);
    return () => {
      clearInterval(timer);
    };
  }, [versions]);
  return (
    <div class="versions">
      {annotate && <NameForm />}
      <Restored />
      <Fault />
      <VersionList />
      {annotate && <RestoreForm />}
    </div>
  );
}

function NameForm() {
  const versions = useVersions();
  const name = useSignal("");
  return (
    <form
      class="version-name"
      onSubmit={(event) => {
        event.preventDefault();
        void versions.name(name.value.trim());
        name.value = "";
      }}
    >
      <input
        id="version-name"
        aria-label={t("versions.name")}
        placeholder={t("versions.name")}
        maxLength={60}
        value={name.value}
        onInput={(event) => {
          name.value = event.currentTarget.value;
        }}
      />
      <button type="submit" id="version-keep" class="button" disabled={name.value.trim() === "" || versions.busy.value}>
        {t("versions.keep")}
      </button>
    </form>
  );
}

/** Says how much the last restore changed, and offers to undo it. */
function Restored() {
  const versions = useVersions();
  const restored = versions.restored.value;
  if (!restored) return null;
  const words = restored.objects === 1 ? "versions.restored.one" : "versions.restored.other";
  return (
    <div class="version-notice" role="status">
      <p>{t(words, { count: restored.objects })}</p>
      {restored.objects > 0 && (
        <button type="button" id="restore-undo" class="button" disabled={versions.busy.value} onClick={() => void versions.undoRestore()}>
          {t("versions.restored.undo")}
        </button>
      )}
    </div>
  );
}

function Fault() {
  const versions = useVersions();
  const fault = versions.fault.value;
  if (fault === undefined) return null;
  const words =
    fault === "grant" || fault === "forbidden"
      ? t("versions.fault.rights")
      : fault === "unreachable"
        ? t("versions.fault.unreachable")
        : t("versions.fault.other", { reason: fault });
  return (
    <p class="version-notice fault" role="alert">
      {words}
    </p>
  );
}

function VersionList() {
  const versions = useVersions();
  const list = versions.list.value;
  if (list.length === 0) return <p class="empty">{t("versions.empty")}</p>;
  return (
    <>
      <ol class="notes" aria-label={t("versions.list")}>
        {list.map((version) => (
          <VersionRow key={version.id} version={version} />
        ))}
      </ol>
      {versions.more.value !== undefined && (
        <button type="button" class="button more" onClick={() => void versions.loadMore()}>
          {t("versions.more")}
        </button>
      )}
    </>
  );
}

function VersionRow({ version }: { readonly version: NamedVersion }) {
  const versions = useVersions();
  const people = usePeople();
  const looked = versions.preview.value?.version.id === version.id;
  const title = version.name || t(version.automatic ? "versions.automatic" : "versions.unnamed");
  const name = version.author === 0 ? "" : people.authorName(version.author);
  return (
    <li class="note version" data-chosen={looked} data-version={version.id}>
      <span class="note-words version-words">
        <span class="note-title">{title}</span>
        <span class="note-detail">
          {name && <span>{name}</span>}
          <time dateTime={new Date(version.committedMs).toISOString()}>{timeOf(version.committedMs)}</time>
        </span>
      </span>
      <IconButton
        icon={looked ? EyeOff : Eye}
        label={t(looked ? "versions.look.end" : "versions.look", { name: title })}
        pressed={looked}
        onClick={() => {
          if (looked) versions.closePreview();
          else void versions.look(version);
        }}
      />
      {people.rights.value.own && (
        <IconButton
          icon={History}
          label={t("versions.restore.to", { name: title })}
          disabled={versions.busy.value}
          onClick={() => void versions.restore({ version: version.id }, "all", undefined)}
        />
      )}
    </li>
  );
}

function timeOf(ms: number): string {
  const form = new Intl.DateTimeFormat(language.value, { dateStyle: "medium", timeStyle: "medium" });
  return form.format(ms);
}
