import type { ObjectId, Participant, Room, SessionStatus, SharedDocument } from "@fmz/client";
import { computed, signal, type ReadonlySignal } from "@preact/signals";

/** What this person may do in the room. */
export interface Rights {
  readonly annotate: boolean;
  readonly publish: boolean;
  readonly own: boolean;
}

/** The people and programs in the room, this person among them, and the authors of its marks. */
export class People {
  /** Name of the room, for people. */
  readonly title = signal("");
  /** Participant number of this page, 0 before it is in the room. */
  readonly self = signal(0);
  readonly rights = signal<Rights>({ annotate: false, publish: false, own: false });
  readonly participants = signal<readonly Participant[]>([]);
  /** Participants that are no programs. */
  readonly people = computed(() => this.participants.value.filter(({ machine }) => !machine));
  readonly alone = computed(() => this.status.value.kind === "open" && this.people.value.length <= 1);
  /** Number of the author who draws here, 0 without the right. */
  author = 0;

  constructor(
    private readonly document: Pick<SharedDocument, "authors" | "identities">,
    private readonly status: ReadonlySignal<SessionStatus>,
  ) {}

  /** Takes the room as the server told it. */
  take({ title, name, self, author, grants, participants }: Room): void {
    this.title.value = title || name;
    this.self.value = self;
    this.author = author;
    this.rights.value = { annotate: grants?.annotate ?? false, publish: grants?.publish ?? false, own: grants?.own ?? false };
    this.participants.value = [...participants.values()];
  }

  /** Returns the name of a participant; empty if there is no such. */
  nameOf(participant: number): string {
    return this.participants.value.find((other) => other.participant === participant)?.name ?? "";
  }

  /** Returns the name behind an author's number; empty for a number that nobody has. */
  authorName(author: number): string {
    return this.participants.value.find((other) => other.author === author)?.name ?? this.document.authors.get(author) ?? "";
  }

  /** Returns the names of all authors, by identity; people who came by the same link share one. */
  drawers(): ReadonlyMap<string, string> {
    const names = new Map<string, Set<string>>();
    for (const [author, identity] of this.document.identities) {
      const shared = names.get(identity) ?? new Set();
      names.set(identity, shared.add(this.authorName(author)));
    }
    return new Map([...names].map(([identity, shared]) => [identity, [...shared].join(", ")]));
  }

  /**
   * Returns true if this person may move or delete an object: an own one, or any with the right to
   * own the room.
   */
  mayChange(id: ObjectId): boolean {
    const { annotate, own } = this.rights.peek();
    return annotate && (own || id.author === this.author);
  }
}
