import { create } from "@bufbuild/protobuf";
import {
  MediaKind,
  MuteSchema,
  PublishSchema,
  Source,
  UnpublishSchema,
  type PublishLine,
} from "../gen/fmz/v1/session_pb";
import type { Outgoing } from "../core/messages";
import type { TrackOf } from "./transport";

/**
 * Upper bounds of what a browser sends, kbit/s: a talking head; a desktop with small type; a voice.
 */
const BITRATE_KBPS: Partial<Record<Source, number>> = {
  [Source.CAMERA]: 1_500,
  [Source.SCREEN]: 8_000,
};

interface LocalTrack {
  readonly source: Source;
  readonly track: MediaStreamTrack;
  /** The same on every transport: by it the server knows a live source again. */
  readonly request: number;
  publication: string | undefined;
  muted: boolean;
}

/** This client's tracks: asks for lines, and asks again on every new transport. */
export class Publisher {
  private readonly tracks = new Map<Source, LocalTrack>();
  private requests = 0;

  constructor(
    private readonly send: (message: Outgoing) => void,
    private readonly changed: () => void,
  ) {}

  get sources(): ReadonlySet<Source> {
    return new Set(this.tracks.keys());
  }

  track(source: Source): MediaStreamTrack | undefined {
    return this.tracks.get(source)?.track;
  }

  isMuted(source: Source): boolean {
    return this.tracks.get(source)?.muted ?? false;
  }

  /** Publishes a track until [`remove`] or until the track ends by itself. */
  add(source: Source, track: MediaStreamTrack): void {
    this.remove(source);
    this.requests += 1;
    const local: LocalTrack = { source, track, request: this.requests, publication: undefined, muted: false };
    this.tracks.set(source, local);
    track.addEventListener("ended", () => {
      if (this.tracks.get(source) === local) this.remove(source);
    });
    this.ask(local);
    this.changed();
  }

  remove(source: Source): void {
    const local = this.tracks.get(source);
    if (!local) return;
    this.tracks.delete(source);
    local.track.stop();
    if (local.publication) {
      this.send({ case: "unpublish", value: create(UnpublishSchema, { publication: local.publication }) });
    }
    this.changed();
  }

  /** Stops or starts sending without giving the line up. */
  setMuted(source: Source, muted: boolean): void {
    const local = this.tracks.get(source);
    if (!local) return;
    local.muted = muted;
    local.track.enabled = !muted;
    this.tellMuted(local);
    this.changed();
  }

  /** Asks for all lines again, for a new transport has none. */
  askAll(): void {
    for (const local of this.tracks.values()) this.ask(local);
  }

  readonly trackOf: TrackOf = (line: PublishLine) => {
    const local = [...this.tracks.values()].find(({ request }) => request === line.request);
    if (!local) return undefined;
    local.publication = line.publication;
    if (local.muted) this.tellMuted(local);
    return { track: local.track, bitrateKbps: BITRATE_KBPS[local.source] ?? 0 };
  };

  /** Takes note that the server refused a request. Returns true if it was one of these. */
  refuse(request: number): boolean {
    const local = [...this.tracks.values()].find((candidate) => candidate.request === request);
    if (local) this.remove(local.source);
    return local !== undefined;
  }

  stop(): void {
    for (const { track } of this.tracks.values()) track.stop();
    this.tracks.clear();
  }

  private ask(local: LocalTrack): void {
    local.publication = undefined;
    const { width = 0, height = 0 } = local.track.getSettings();
    const value = create(PublishSchema, {
      request: local.request,
      kind: local.track.kind === "audio" ? MediaKind.AUDIO : MediaKind.VIDEO,
      source: local.source,
      width,
      height,
      bitrateKbps: BITRATE_KBPS[local.source] ?? 0,
    });
    this.send({ case: "publish", value });
  }

  private tellMuted({ publication, muted }: LocalTrack): void {
    if (publication) this.send({ case: "mute", value: create(MuteSchema, { publication, muted }) });
  }
}
