import { effect, signal } from "@preact/signals";
import { en, type MessageKey, type Messages } from "./en";
import { zh } from "./zh";

export type { MessageKey };
export type Language = "en" | "zh";

const STORED = "fmz.language";
const tables: Record<Language, Messages> = { en, zh };

/** Language of the page: the chosen one, else the browser's. */
export const language = signal<Language>(initial());

/**
 * A whole sentence in the page's language, its placeholders filled. Reading it in a
 * component subscribes.
 */
export function t(key: MessageKey, values: Readonly<Record<string, string | number>> = {}): string {
  return tables[language.value][key].replace(/\{(\w+)\}/g, (hole, name: string) => String(values[name] ?? hole));
}

export function switchLanguage(): void {
  language.value = language.value === "en" ? "zh" : "en";
  localStorage.setItem(STORED, language.value);
}

function initial(): Language {
  const chosen = localStorage.getItem(STORED) ?? navigator.language;
  return chosen.startsWith("zh") ? "zh" : "en";
}

effect(() => {
  document.documentElement.lang = language.value === "zh" ? "zh-Hans" : "en";
});
