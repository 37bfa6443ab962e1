import type { RoomState } from "./room";

/** What a guest may: look, draw and speak. */
const GUEST_GRANTS = ["view", "annotate", "publish"];

/**
 * A link for someone else: a new guest's where this person owns the room, else this person's own.
 */
export async function invitation(room: RoomState): Promise<string> {
  if (!room.rights.peek().own) return location.href;
  try {
    return await mint(room, GUEST_GRANTS.filter((grant) => room.rights.peek().publish || grant !== "publish"));
  } catch {
    return location.href;
  }
}

async function mint(room: RoomState, grants: readonly string[]): Promise<string> {
  const response = await fetch(`/api/v1/rooms/${room.link.room}/tokens`, {
    method: "POST",
    headers: { authorization: `Bearer ${room.link.token}`, "content-type": "application/json" },
    body: JSON.stringify({ grants }),
  });
  const answer: unknown = response.ok ? await response.json() : undefined;
  const token = typeof answer === "object" && answer !== null && "token" in answer ? answer.token : undefined;
  if (typeof token !== "string") throw new Error(`no token: ${response.status}`);
  return `${location.origin}/r/${room.link.room}#token=${token}`;
}
