import {
  restAsk,
  RoomApi,
  RoomClient,
  Source,
  type ClientOptions,
  type MediaState,
  type ObjectId,
  type ObjectState,
  type Participant,
  type Pointers,
  type Publication,
  type SessionStatus,
  type SharedDocument,
} from "@fmz/client";
import { batch, computed, signal, type ReadonlySignal } from "@preact/signals";
import { socketUrl, type RoomLink } from "./link";
import type { Point } from "../grid/geometry";
import { announceComments, announceRoom } from "./announcements";
import { LocalMedia } from "./local-media";
import { keyOf, Marks } from "./marks";
import { Notices } from "./notices";
import { isOfMedia, isOnFrame, Picture } from "./live-picture";
import { PolygonDraft } from "./polygon-draft";
import type { Sight } from "./sight";
import { noteBeside, notesOf } from "./threads";
import { Tools } from "./tools";
import { Versions } from "./versions";
import { View } from "./view";

export type PanelTab = "notes" | "people" | "versions";

/**
 * Below this width the panel is a sheet over the lower part of the page, and closed
 * at first, CSS px.
 */
export const NARROW_PX = 900;

/**
 * A text that is being written: a new one on what its author saw, or one that is there
 * already and is being changed.
 */
export type TextEntry = {
  /** Baseline start, grid units. */
  readonly start: Point;
} & ({ readonly sight: Sight; readonly mark?: undefined } | { readonly mark: ObjectId });

/** Where the pin of a comment that is being written stands, and what its author saw. */
export interface CommentEntry {
  /** Grid units. */
  readonly start: Point;
  readonly sight: Sight;
}

/** Everything that the page knows of a room it is in. */
export class RoomState {
  readonly client: RoomClient;
  readonly document: SharedDocument;
  readonly marks: Marks;
  readonly tools = new Tools();
  readonly polygon = new PolygonDraft();
  readonly view = new View();
  readonly picture = new Picture();
  readonly notices = new Notices();
  readonly api: RoomApi;
  readonly versions: Versions;
  readonly media: LocalMedia;

  readonly status = signal<SessionStatus>({ kind: "joining", attempt: 0, code: undefined });
  readonly mediaState = signal<MediaState>({ kind: "connecting" });
  readonly title = signal("");
  readonly self = signal(0);
  readonly rights = signal({ annotate: false, publish: false, own: false });
  readonly participants = signal<readonly Participant[]>([]);
  readonly publications = signal<readonly Publication[]>([]);
  readonly streams = signal<ReadonlyMap<string, MediaStream>>(new Map());
  readonly pointers = signal<{ readonly all: Pointers["all"] }>({ all: new Map() });
  /** Own ops that the server has not confirmed. */
  readonly pending = signal(0);
  /** The same as a person counts: marks that were drawn or changed; a deletion counts as one. */
  readonly waiting = computed(() => {
    const marks = this.marks.list.value.filter(({ pending }) => pending).length;
    return Math.max(marks, Math.min(this.pending.value, 1));
  });
  readonly canUndo = signal(false);
  readonly canRedo = signal(false);
  /** Round trip to the server, ms. */
  readonly roundTrip = signal<number | undefined>(undefined);

  readonly marksHidden = signal(false);
  readonly onlyThisFrame = signal(false);
  readonly panelOpen = signal(window.innerWidth >= NARROW_PX);
  readonly panelTab = signal<PanelTab>("notes");
  readonly keysOpen = signal(false);
  readonly connectionOpen = signal(false);
  /** True where the page was asked to use relays only. */
  readonly relayOnly: boolean;
  readonly enlarged = signal<string | undefined>(undefined);
  /** A text that is being written on the picture. */
  readonly textEntry = signal<TextEntry | undefined>(undefined);

  /** A comment that is being written in the notes. */
  readonly commentEntry = signal<CommentEntry | undefined>(undefined);
  /** Marks as the notes list them, in drawing order. */
  readonly notes = computed(() => this.listNotes());

  /** The publication shown large: the one chosen, else a film, else a screen, else a camera. */
  readonly main: ReadonlySignal<Publication | undefined> = computed(() => this.chooseMain());
  /** Cameras shown as tiles. */
  readonly tiles = computed(() =>
    this.publications.value.filter(
      ({ source, publication }) => source === Source.CAMERA && publication !== this.main.value?.publication,
    ),
  );
  /** People, without programs. */
  readonly people = computed(() => this.participants.value.filter(({ machine }) => !machine));
  readonly alone = computed(() => this.status.value.kind === "open" && this.people.value.length <= 1);

  constructor(
    readonly link: RoomLink,
    name: string,
    client: Pick<ClientOptions, "replica" | "sessionKey" | "dataChannels" | "iceTransportPolicy">,
  ) {
    this.client = new RoomClient({ ...client, url: socketUrl(location), token: link.token, name });
    this.relayOnly = client.iceTransportPolicy === "relay";
    this.document = this.client.session.document;
    this.api = new RoomApi({ ask: restAsk("", link.token), room: link.room, sessionKey: client.sessionKey });
    this.versions = new Versions(this.api);
    this.marks = new Marks(this.document);
    this.media = new LocalMedia(this.client.publisher, this.notices);
    this.listenToSession();
    this.listenToMedia();
    this.tools.tool.subscribe((tool) => {
      if (tool !== "polygon") this.polygon.drop();
    });
  }

  /** Name of a participant, for people. */
  nameOf(participant: number): string {
    return this.participants.value.find((other) => other.participant === participant)?.name ?? "";
  }

  /** Name of who drew an object. */
  authorName(id: ObjectId | undefined): string {
    return this.authorNumberName(id?.author ?? 0);
  }

  /** Name behind an author's number. */
  authorNumberName(author: number): string {
    return this.participants.value.find((other) => other.author === author)?.name ?? this.document.authors.get(author) ?? "";
  }

  /** Those who drew, by identity; people who came by the same link share one. */
  drawers(): ReadonlyMap<string, string> {
    const names = new Map<string, Set<string>>();
    for (const [author, identity] of this.document.identities) {
      const shared = names.get(identity) ?? new Set();
      names.set(identity, shared.add(this.authorNumberName(author)));
    }
    return new Map([...names].map(([identity, shared]) => [identity, [...shared].join(", ")]));
  }

  /**
   * True where this person may move or delete an object: their own, or all with the
   * right to own the room.
   */
  mayChange(id: ObjectId): boolean {
    if (!this.rights.peek().annotate) return false;
    return this.rights.peek().own || id.author === this.client.session.room.author;
  }

  /** Stream of a publication: this page's own tracks are shown as they are, not sent back. */
  streamOf(publication: Publication): MediaStream | undefined {
    const stream = this.streams.value.get(publication.publication);
    return publication.participant === this.self.value ? this.media.preview(publication.source) : stream;
  }

  /** Shows where a comment is to stand, and the place in the notes to write it. */
  beginComment(entry: CommentEntry): void {
    batch(() => {
      this.marks.selected.value = undefined;
      this.commentEntry.value = entry;
      this.showPanel("notes");
    });
  }

  /** Chooses a pin and shows its thread among the notes. */
  openThread({ id }: ObjectState): void {
    batch(() => {
      this.marks.selected.value = keyOf(id);
      this.showPanel("notes");
    });
  }

  /** Chooses the note before (-1) or after (1) the chosen one. */
  stepNote(by: -1 | 1): void {
    const note = noteBeside(this.notes.peek(), this.marks.selected.peek(), by);
    if (note) this.marks.selected.value = keyOf(note.id);
  }

  /**
   * True if a mark is seen over the picture of now: on this very frame if only its marks are
   * asked for, else on its media.
   */
  isSeen({ frame }: Pick<ObjectState, "frame">): boolean {
    return this.onlyThisFrame.peek() ? isOnFrame(frame, this.picture.shown.peek()) : isOfMedia(frame, this.picture.media.peek());
  }

  showPanel(tab: PanelTab): void {
    batch(() => {
      this.panelOpen.value = true;
      this.keysOpen.value = false;
      this.connectionOpen.value = false;
      this.panelTab.value = tab;
    });
  }

  togglePanel(): void {
    batch(() => {
      this.keysOpen.value = false;
      this.connectionOpen.value = false;
      this.panelOpen.value = !this.panelOpen.peek();
    });
  }

  toggleKeys(): void {
    batch(() => {
      this.keysOpen.value = !this.keysOpen.peek();
      this.connectionOpen.value = false;
      if (this.keysOpen.peek()) this.panelOpen.value = true;
    });
  }

  toggleConnection(): void {
    batch(() => {
      this.connectionOpen.value = !this.connectionOpen.peek();
      this.keysOpen.value = false;
      if (this.connectionOpen.peek()) this.panelOpen.value = true;
    });
  }

  private listNotes(): readonly ObjectState[] {
    const notes = notesOf(this.marks.list.value);
    if (!this.onlyThisFrame.value) return notes;
    const shown = this.picture.shown.value;
    return notes.filter(({ frame }) => isOnFrame(frame, shown));
  }

  private chooseMain(): Publication | undefined {
    const all = this.publications.value;
    const others = all.filter(({ participant }) => participant !== this.self.value);
    return (
      all.find(({ publication }) => publication === this.enlarged.value) ??
      all.find(({ source }) => source === Source.PROGRAM) ??
      others.find(({ source }) => source === Source.SCREEN) ??
      all.find(({ source }) => source === Source.SCREEN) ??
      others.find(({ source }) => source === Source.CAMERA)
    );
  }

  private listenToSession(): void {
    const { session } = this.client;
    session.on("status", (status) => {
      this.status.value = status;
    });
    announceRoom(this.client.session, this.notices);
    announceComments(this.marks, session, this.notices, (author) => this.authorNumberName(author));
    session.on("welcomed", () => {
      const { participants, self } = session.room;
      if (this.self.peek() === 0) this.tools.color.value = participants.get(self)?.color ?? 0;
    });
    session.on("room", ({ title, name, self, grants, participants, publications }) => {
      batch(() => {
        this.title.value = title || name;
        this.self.value = self;
        this.rights.value = {
          annotate: grants?.annotate ?? false,
          publish: grants?.publish ?? false,
          own: grants?.own ?? false,
        };
        this.participants.value = [...participants.values()];
        this.publications.value = [...publications.values()];
        this.picture.refresh(publications);
      });
    });
    session.on("pointers", ({ all }) => {
      this.pointers.value = { all };
    });
    session.on("roundTrip", (ms) => {
      this.roundTrip.value = Math.round(ms);
    });
    this.document.on("progress", ({ pending, canUndo, canRedo }) => {
      batch(() => {
        this.pending.value = pending;
        this.canUndo.value = canUndo;
        this.canRedo.value = canRedo;
      });
    });
    this.document.on("refused", ({ code }) => {
      this.notices.refused(code);
    });
  }

  private listenToMedia(): void {
    this.client.on("media", (state) => {
      this.mediaState.value = state;
    });
    this.client.on("streams", (streams) => {
      this.streams.value = new Map(streams);
    });
    this.client.on("published", () => {
      batch(() => {
        this.media.refresh();
        // Previews are not signals: whoever shows one looks again.
        this.streams.value = new Map(this.streams.peek());
      });
    });
    this.client.on("publishRefused", () => {
      this.notices.show("publish", "banner.publishRefused");
    });
  }
}
