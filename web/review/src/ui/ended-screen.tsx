import { t } from "../i18n";
import { Card } from "./card";

type Ending = "closed" | "expired" | "refused" | "removed" | "replaced" | "missing" | "left" | "outdated" | "full" | "other";

/** The meaning of the server's reasons for a person. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  removed: "removed",
  room_closed: "closed",
  expired: "expired",
  token: "refused",
  grant: "refused",
  replaced: "replaced",
  room_unknown: "missing",
  left: "left",
  protocol: "outdated",
  authors_full: "full",
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
