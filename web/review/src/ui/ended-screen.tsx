import { t } from "../i18n";
import { Card } from "./card";

type Ending = "removed" | "closed" | "expired" | "refused" | "replaced" | "missing" | "left" | "other";

/** What the server's reasons mean for a person. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  removed: "removed",
  kicked: "removed",
  room_closed: "closed",
  token_expired: "expired",
  expired: "expired",
  token_invalid: "refused",
  token_refused: "refused",
  unauthorized: "refused",
  forbidden: "refused",
  replaced: "replaced",
  room_unknown: "missing",
  unknown_room: "missing",
  room_not_found: "missing",
  left: "left",
};

/** Endings after which coming back with the same link may work. */
const MAY_RETURN: ReadonlySet<Ending> = new Set<Ending>(["replaced", "left", "other"]);

export interface EndedScreenProps {
  readonly code: string;
  readonly text: string;
  readonly onAgain: () => void;
}

export function EndedScreen({ code, text, onAgain }: EndedScreenProps) {
  const ending = ENDINGS[code] ?? "other";
  return (
    <Card title={t(`ended.${ending}.title`)} lead={t(`ended.${ending}.text`, { reason: text || code })}>
      {MAY_RETURN.has(ending) && (
        <button type="button" class="primary" onClick={onAgain}>
          {t("ended.again")}
        </button>
      )}
    </Card>
  );
}
