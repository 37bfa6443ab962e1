import { limits, newSessionKey } from "@fmz/client";

type Key = Uint8Array<ArrayBuffer>;

/** Keys that this page holds. */
const held = new Set<string>();

/**
 * Returns the key of this tab's session in a room: the same after a reload, so that a person's
 * marks stay their own. A copied tab gets another key, for two pages with one key would throw each
 * other out.
 */
export async function sessionKey(room: string, name: string): Promise<Key> {
  const slot = `fmz.session.${room}.${name}`;
  const stored = sessionStorage.getItem(slot);
  if (stored !== null && isKey(stored) && (held.has(stored) || (await hold(stored)))) return fromHex(stored);
  const key = newSessionKey();
  const text = toHex(key);
  if (await hold(text)) sessionStorage.setItem(slot, text);
  return key;
}

/**
 * Takes a key for this page until it closes. Returns false if another page has it, or if pages
 * cannot tell each other.
 */
async function hold(key: string): Promise<boolean> {
  // Absent on pages that are not secure, whatever the types say.
  const locks = navigator.locks as LockManager | undefined;
  if (!locks) return false;
  return new Promise((resolve) => {
    void locks.request(`fmz.session.${key}`, { ifAvailable: true }, (lock) => {
      if (lock) held.add(key);
      resolve(lock !== null);
      return lock ? new Promise<never>(() => undefined) : undefined;
    });
  });
}

function isKey(text: string): boolean {
  return text.length === 2 * limits.SESSION_KEY_BYTES && /^[0-9a-f]+$/.test(text);
}

function toHex(key: Key): string {
  return Array.from(key, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fromHex(text: string): Key {
  return Uint8Array.from({ length: text.length / 2 }, (_, index) => Number.parseInt(text.slice(2 * index, 2 * index + 2), 16));
}
