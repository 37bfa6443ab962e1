import { signal } from "@preact/signals";
import type { MessageKey } from "../i18n";

/** A sentence for the banner, kept as its key so that it changes with the language. */
export interface Notice {
  readonly topic: string;
  readonly key: MessageKey;
  readonly reason: MessageKey | undefined;
}

/** A sentence for the live region. */
export interface Announcement {
  readonly key: MessageKey;
  readonly values: Readonly<Record<string, string>>;
}

const RIGHTS = new Set(["grant", "not_yours", "no_author"]);
const LIMITS = new Set(["too_many_pending", "too_many_points", "too_many_objects", "document_full"]);

/** The sentences that the page has to say: one at a time, never over the picture. */
export class Notices {
  readonly current = signal<Notice | undefined>(undefined);
  readonly announcement = signal<Announcement | undefined>(undefined);

  /** Shows a sentence until it is dismissed, or another comes. */
  show(topic: string, key: MessageKey, reason?: MessageKey): void {
    this.current.value = { topic, key, reason };
  }

  /** Takes the sentence of a topic away, or any if none is given. */
  dismiss(topic?: string): void {
    if (topic === undefined || this.current.peek()?.topic === topic) this.current.value = undefined;
  }

  /** Says that the server refused an own mark, by the server's code. */
  refused(code: string): void {
    const reason = RIGHTS.has(code) ? "rights" : LIMITS.has(code) ? "limit" : "other";
    this.show("refused", "banner.refused", `banner.refused.${reason}`);
  }

  /** Tells screen readers a sentence. */
  announce(key: MessageKey, values: Readonly<Record<string, string>>): void {
    this.announcement.value = { key, values };
  }
}
