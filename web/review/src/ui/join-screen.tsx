import { useSignal } from "@preact/signals";
import { limits } from "@fmz/client";
import { t } from "../i18n";
import type { RoomLink } from "../state/link";
import { Card } from "./card";

const STORED_NAME = "fmz.name";

export interface JoinScreenProps {
  readonly link: RoomLink;
  readonly onJoin: (name: string) => void;
}

/** Asks for a name and nothing else. */
export function JoinScreen({ link, onJoin }: JoinScreenProps) {
  const name = useSignal(link.name ?? localStorage.getItem(STORED_NAME) ?? "");
  const missing = useSignal(false);
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = fitting(name.value.trim());
    missing.value = given === "";
    if (given === "") return;
    if (link.name === undefined) localStorage.setItem(STORED_NAME, given);
    onJoin(given);
  };
  return (
    <Card title={t("join.title")} lead={t("join.room", { room: link.room })}>
      <form class="join-form" onSubmit={submit} noValidate>
        <label for="join-name">{t("join.name")}</label>
        <input
          id="join-name"
          name="name"
          autocomplete="name"
          autoFocus
          value={name}
          readOnly={link.name !== undefined}
          aria-invalid={missing}
          aria-describedby="join-hint"
          onInput={(event) => {
            name.value = event.currentTarget.value;
            missing.value = false;
          }}
        />
        <p id="join-hint" class={missing.value ? "hint fault" : "hint"} role={missing.value ? "alert" : undefined}>
          {t(missing.value ? "join.name.missing" : link.name === undefined ? "join.name.hint" : "join.asOther")}
        </p>
        <button id="join-button" type="submit" class="primary">
          {t("join.button")}
        </button>
      </form>
      <p class="hint">{t("join.media")}</p>
    </Card>
  );
}

/** Cuts a name to what the wire takes, whole characters only. */
function fitting(name: string): string {
  let bytes = 0;
  let kept = "";
  for (const character of name) {
    bytes += new TextEncoder().encode(character).length;
    if (bytes > limits.NAME_BYTES_MAX) break;
    kept += character;
  }
  return kept;
}
