import { Kind, type Session } from "@fmz/client";
import { keyOf, type MarkKey, type Marks } from "./marks";
import type { Notices } from "./notices";
import type { People } from "./people";

/** Tells screen readers of people who come and go. */
export function announceRoom(session: Pick<Session, "on">, notices: Notices): void {
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

/**
 * Tells screen readers of comments and replies, with their authors; not of the own ones, nor of
 * those that were there before.
 */
export function announceComments(marks: Marks, people: Pick<People, "author" | "authorName">, notices: Notices): void {
  let known: ReadonlySet<MarkKey> | undefined;
  marks.list.subscribe((list) => {
    if (marks.document.revision === 0n) return;
    const comments = list.filter(({ kind }) => kind === Kind.PIN || kind === Kind.REPLY);
    const before = known;
    known = new Set(comments.map(({ id }) => keyOf(id)));
    for (const { id, kind } of comments) {
      const author = id?.author ?? 0;
      if (!before || before.has(keyOf(id)) || author === people.author) continue;
      notices.announce(kind === Kind.PIN ? "live.comment" : "live.reply", { name: people.authorName(author) });
    }
  });
}
