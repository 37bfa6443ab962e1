import type { Session } from "@fmz/client";
import type { Notices } from "./notices";

/** Says for screen readers who comes and goes. */
export function announceRoom(session: Session, notices: Notices): void {
  let present: ReadonlyMap<number, string> | undefined;
  session.on("room", ({ participants, self }) => {
    const now = new Map(
      [...participants.values()].filter(({ machine }) => !machine).map(({ participant, name }) => [participant, name]),
    );
    const before = present;
    present = now;
    if (!before?.has(self)) return;
    for (const [participant, name] of now) if (!before.has(participant)) notices.announce("live.joined", { name });
    for (const [participant, name] of before) if (!now.has(participant)) notices.announce("live.left", { name });
  });
}
