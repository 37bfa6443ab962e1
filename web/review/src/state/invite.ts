import { ApiError, type Grant, type RoomApi } from "@fmz/client";
import type { MessageKey } from "../i18n";

/** Grants of a guest, as far as the owner has them: look, draw and speak. */
const GUEST_GRANTS: readonly Grant[] = ["view", "annotate", "publish"];

/** Codes that say that this person may not invite. */
const RIGHTS: ReadonlySet<string> = new Set(["grant", "forbidden", "token", "expired"]);

/** What an invitation is made of. */
export interface InviteParts {
  readonly api: Pick<RoomApi, "invite">;
  /** What this person may do. */
  readonly rights: { readonly own: boolean; readonly publish: boolean };
  readonly room: string;
  /** The address of this page, and so this person's own link. */
  readonly page: Pick<Location, "href" | "origin">;
  /** Puts text on the clipboard; rejects if the page has none, as one that is not secure. */
  readonly copy: (text: string) => Promise<void>;
}

export type Invited =
  | { readonly kind: "copied" }
  /** The link is to be copied by hand. */
  | { readonly kind: "shown"; readonly link: string }
  /** There is no link, and nothing was copied. */
  | { readonly kind: "refused"; readonly reason: MessageKey };

/**
 * Copies a link for somebody else: a new guest's if this person owns the room, otherwise this
 * person's own. An owner's own link is never given away instead of a guest's, for with it a guest
 * could remove people and close the room.
 */
export async function invite(parts: InviteParts): Promise<Invited> {
  let link: string;
  try {
    link = parts.rights.own ? await guestLink(parts) : parts.page.href;
  } catch (cause) {
    return { kind: "refused", reason: reasonOf(cause) };
  }
  try {
    await parts.copy(link);
    return { kind: "copied" };
  } catch {
    return { kind: "shown", link };
  }
}

async function guestLink({ api, rights, room, page }: InviteParts): Promise<string> {
  const { token } = await api.invite(GUEST_GRANTS.filter((grant) => rights.publish || grant !== "publish"));
  return `${page.origin}/r/${room}#token=${token}`;
}

function reasonOf(cause: unknown): MessageKey {
  const code = cause instanceof ApiError ? cause.code : "unknown";
  if (RIGHTS.has(code)) return "invite.refused.rights";
  return code === "unreachable" ? "invite.refused.unreachable" : "invite.refused.other";
}
