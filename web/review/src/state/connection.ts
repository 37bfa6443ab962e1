import type { MediaState, RoomClient, SessionStatus } from "@fmz/client";
import { signal } from "@preact/signals";

/** The page's connection to the server, as people see it. */
export class Connection {
  readonly status = signal<SessionStatus>({ kind: "joining", attempt: 0, code: undefined });
  /** The path of pictures and data channels. */
  readonly media = signal<MediaState>({ kind: "connecting" });
  /** Round trip to the server, ms. */
  readonly roundTrip = signal<number | undefined>(undefined);

  constructor(
    private readonly client: RoomClient,
    /** True if the page was asked to use relays only. */
    readonly relayOnly: boolean,
  ) {
    const { session } = client;
    session.on("status", (status) => {
      this.status.value = status;
    });
    session.on("roundTrip", (ms) => {
      this.roundTrip.value = Math.round(ms);
    });
    client.on("media", (state) => {
      this.media.value = state;
    });
  }

  start(): void {
    this.client.start();
  }

  /** The way on which ops travel now. */
  get path(): RoomClient["session"]["path"] {
    return this.client.session.path;
  }

  /** Relays that the server named. */
  get iceServers(): readonly RTCIceServer[] {
    return this.client.iceServers;
  }

  /** Reads the browser's figures of the path; `undefined` while there is none. */
  stats(): Promise<RTCStatsReport> | undefined {
    return this.client.stats();
  }
}
