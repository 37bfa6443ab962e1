import { t } from "../i18n";
import { useNotices } from "../state/context";

/** Tells screen readers of people who come and go, and of comments. */
export function Announcer() {
  const said = useNotices().announcement.value;
  return (
    <p class="visually-hidden" role="status" aria-live="polite">
      {said && t(said.key, said.values)}
    </p>
  );
}
