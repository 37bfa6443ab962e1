import { switchLanguage, t } from "../i18n";

export function LanguageSwitch() {
  return (
    <button type="button" class="text-button" title={t("language.switch.label")} aria-label={t("language.switch.label")} onClick={switchLanguage}>
      {t("language.switch")}
    </button>
  );
}
