/** What the page's address says: `/r/{room}#token=<jwt>`. The fragment never reaches a server. */
export interface RoomLink {
  readonly room: string;
  readonly token: string;
  /** Name inside the token, where it carries one: it wins over a typed one. */
  readonly name: string | undefined;
}

export type Address =
  | { readonly kind: "room"; readonly link: RoomLink }
  /** No room in the path. */
  | { readonly kind: "none" }
  /** A room, but no readable token. */
  | { readonly kind: "broken"; readonly room: string };

export function readAddress({ pathname, hash }: Pick<Location, "pathname" | "hash">): Address {
  const room = /^\/r\/([A-Za-z0-9_-]{1,64})\/?$/.exec(pathname)?.[1];
  const token = new URLSearchParams(hash.slice(1)).get("token");
  if (!room) return { kind: "none" };
  const claims = token ? claimsOf(token) : undefined;
  if (!token || !claims) return { kind: "broken", room };
  return { kind: "room", link: { room, token, name: claims.name } };
}

/** Reads a token for its words only: whether it holds is for the server to say. */
function claimsOf(token: string): { name: string | undefined } | undefined {
  try {
    const payload = token.split(".")[1] ?? "";
    const text = atob(payload.replace(/-/g, "+").replace(/_/g, "/"));
    const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof claims !== "object" || claims === null) return undefined;
    const name = "name" in claims && typeof claims.name === "string" && claims.name !== "" ? claims.name : undefined;
    return { name };
  } catch {
    return undefined;
  }
}

/** Address of the room's WebSocket, on the page's own origin. */
export function socketUrl({ protocol, host }: Pick<Location, "protocol" | "host">): string {
  return `${protocol === "https:" ? "wss:" : "ws:"}//${host}/ws`;
}
