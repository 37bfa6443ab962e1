import { t } from "../i18n";
import { useRoom } from "../state/context";

/** Says for screen readers who came and went. */
export function Announcer() {
  const said = useRoom().notices.announcement.value;
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {said && t(said.key, said.values)}
    </p>
  );
}
