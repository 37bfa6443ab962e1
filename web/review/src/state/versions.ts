import { ApiError, type FramesOf, type NamedVersion, type ObjectState, type Restored, type RoomApi, type Target } from "@fmz/client";
import { signal } from "@preact/signals";
import { inDrawingOrder } from "./marks";

/** Versions fetched at once. */
const PAGE = 50;

/** Authors whose changes a restore takes back. */
export type Whose = "all" | "mine" | { readonly author: number };

/** An older state, shown instead of the present one. */
export interface Preview {
  readonly version: NamedVersion;
  /** Objects in drawing order, without the deleted. */
  readonly objects: readonly ObjectState[];
}

/** Code of an `ApiError`. */
export type Fault = string;

/** The part of the room's interface that versions need. */
export type VersionsApi = Pick<RoomApi, "versions" | "commit" | "document" | "restore">;

/** The room's versions as the panel shows them, the one that is looked at, and the last restore. */
export class Versions {
  /** Newest first. */
  readonly list = signal<readonly NamedVersion[]>([]);
  readonly more = signal<string | undefined>(undefined);
  readonly busy = signal(false);
  readonly fault = signal<Fault | undefined>(undefined);
  readonly preview = signal<Preview | undefined>(undefined);
  /** The last restore, while a click can undo it. */
  readonly restored = signal<Restored | undefined>(undefined);
  private last = Promise.resolve();

  constructor(private readonly api: VersionsApi) {}

  /** Fetches the newest versions. */
  async refresh(): Promise<void> {
    await this.run(async () => {
      const { versions, next } = await this.api.versions({ limit: PAGE });
      this.list.value = versions;
      this.more.value = next;
    });
  }

  /** Fetches the versions before those that are listed. */
  async loadMore(): Promise<void> {
    const before = this.more.peek();
    if (before === undefined) return;
    await this.run(async () => {
      const { versions, next } = await this.api.versions({ before, limit: PAGE });
      this.list.value = [...this.list.peek(), ...versions];
      this.more.value = next;
    });
  }

  /** Keeps the present state under a name. */
  async name(name: string): Promise<void> {
    await this.run(() => this.api.commit({ name }));
    await this.refresh();
  }

  /** Shows a version on the picture, until `closePreview`. */
  async look(version: NamedVersion): Promise<void> {
    await this.run(async () => {
      const { objects } = await this.api.document(version.id);
      const shown = objects.filter(({ deleted }) => !deleted).sort(inDrawingOrder);
      this.preview.value = { version, objects: shown };
    });
  }

  closePreview(): void {
    this.preview.value = undefined;
  }

  /** Restores an older state, by a change that everybody sees and that can be undone. */
  async restore(to: Target, of: Whose, frames: FramesOf | undefined): Promise<void> {
    await this.run(async () => {
      this.restored.value = await this.api.restore({ to, of, ...(frames ? { frames } : {}) });
      this.closePreview();
    });
    await this.refresh();
  }

  /** Undoes the last restore. */
  async undoRestore(): Promise<void> {
    const restored = this.restored.peek();
    // A restore that changed nothing has no revision of its own: the one before it is anybody's.
    if (!restored || restored.objects === 0) return;
    await this.run(async () => {
      await this.api.restore({ to: { revision: restored.revision - 1 } });
      this.restored.value = undefined;
    });
    await this.refresh();
  }

  /** Sends one request after the other. One that fails leaves its code in `fault`. */
  private run(request: () => Promise<unknown>): Promise<void> {
    this.last = this.last.then(() => this.attempt(request));
    return this.last;
  }

  private async attempt(request: () => Promise<unknown>): Promise<void> {
    this.busy.value = true;
    this.fault.value = undefined;
    try {
      await request();
    } catch (cause) {
      this.fault.value = cause instanceof ApiError ? cause.code : "unknown";
    } finally {
      this.busy.value = false;
    }
  }
}
