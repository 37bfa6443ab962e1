import { Source, type Publication, type Room } from "@fmz/client";
import { computed, signal, type ReadonlySignal } from "@preact/signals";

/** Everything that participants publish, and which of it is shown large. */
export class Sources {
  readonly publications = signal<readonly Publication[]>([]);
  /** Streams that arrive, by publication. */
  readonly streams = signal<ReadonlyMap<string, MediaStream>>(new Map());
  /** Publication that this viewer chose to be large. */
  readonly enlarged = signal<string | undefined>(undefined);
  /** The publication shown large: the one chosen, else a film, else a screen, else a camera. */
  readonly main: ReadonlySignal<Publication | undefined> = computed(() => this.chooseMain());
  /** Cameras shown as tiles. */
  readonly tiles = computed(() =>
    this.publications.value.filter(
      ({ source, publication }) => source === Source.CAMERA && publication !== this.main.value?.publication,
    ),
  );

  constructor(
    /** Participant number of this page. */
    private readonly self: ReadonlySignal<number>,
    /** Returns what this page itself publishes of a source. */
    private readonly previewOf: (source: Source) => MediaStream | undefined,
  ) {}

  /** Takes the room as the server told it. */
  take({ publications }: Room): void {
    this.publications.value = [...publications.values()];
  }

  /** Returns the stream of a publication. This page's own tracks are shown as they are, not sent back. */
  streamOf(publication: Publication): MediaStream | undefined {
    const stream = this.streams.value.get(publication.publication);
    return publication.participant === this.self.value ? this.previewOf(publication.source) : stream;
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
}
