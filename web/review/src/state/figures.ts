import { relayOf, type RelayPath } from "@fmz/client";
import { signal } from "@preact/signals";
import type { Connection } from "./connection";
import type { Sources } from "./sources";

/** Time between two looks at the connection's figures, ms. */
const INTERVAL_MS = 1000;

export interface StreamFigures {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Pictures a second. */
  readonly fps: number;
  /** Mbit/s. */
  readonly megabits: number;
}

/** Figures of the connection, as the browser measures them. */
export class Figures {
  /** What arrives of the large picture; `undefined` while nothing does. */
  readonly stream = signal<StreamFigures | undefined>(undefined);
  /** The relayed path in use; `undefined` if the path is direct. */
  readonly relayPath = signal<RelayPath | undefined>(undefined);
  private before: Counted | undefined;

  constructor(
    private readonly connection: Pick<Connection, "stats">,
    private readonly sources: Pick<Sources, "main" | "streamOf">,
  ) {}

  /** Looks once a second until the result is called. */
  watch(): () => void {
    const timer = setInterval(() => void this.look(), INTERVAL_MS);
    return () => {
      clearInterval(timer);
    };
  }

  private async look(): Promise<void> {
    const main = this.sources.main.peek();
    const track = main && this.sources.streamOf(main)?.getVideoTracks()[0];
    const report = await this.connection.stats();
    this.relayPath.value = report && relayOf(report);
    const entry = track && inboundOf(report, track.id);
    const { before } = this;
    const now = entry && { bytes: entry.bytesReceived ?? 0, frames: entry.framesDecoded ?? 0, at: entry.timestamp };
    const { frameWidth: width = 0, frameHeight: height = 0 } = entry ?? {};
    this.stream.value = before && now && now.at > before.at && width > 0 ? { width, height, ...between(before, now) } : undefined;
    this.before = now;
  }
}

interface Counted {
  readonly bytes: number;
  readonly frames: number;
  /** Time of the count, ms. */
  readonly at: number;
}

function between(before: Counted, now: Counted): { fps: number; megabits: number } {
  const seconds = (now.at - before.at) / 1000;
  return {
    fps: Math.max(0, Math.round((now.frames - before.frames) / seconds)),
    megabits: Math.max(0, ((now.bytes - before.bytes) * 8) / seconds / 1_000_000),
  };
}

function inboundOf(report: RTCStatsReport | undefined, track: string): RTCInboundRtpStreamStats | undefined {
  let found: RTCInboundRtpStreamStats | undefined;
  report?.forEach((entry: RTCInboundRtpStreamStats) => {
    if (entry.type === "inbound-rtp" && entry.trackIdentifier === track) found = entry;
  });
  return found;
}
