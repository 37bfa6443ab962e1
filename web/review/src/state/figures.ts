import { relayOf, type RelayPath } from "@fmz/client";
import { signal } from "@preact/signals";
import type { RoomState } from "./room";

/** Time between two looks at the connection's figures, ms. */
const INTERVAL_MS = 1000;

export interface StreamFigures {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly megabits: number;
}

/** What arrives of the large picture, as the browser measures it. */
export const figures = signal<StreamFigures | undefined>(undefined);

/** How the path is relayed, as the browser says; `undefined` where it is direct. */
export const relayPath = signal<RelayPath | undefined>(undefined);

/** Looks once a second until the result is called. */
export function watchFigures(room: RoomState): () => void {
  let before: Counted | undefined;
  const look = async (): Promise<void> => {
    const main = room.main.peek();
    const track = main && room.streamOf(main)?.getVideoTracks()[0];
    const report = await room.client.stats();
    relayPath.value = report && relayOf(report);
    const entry = track && inboundOf(report, track.id);
    const now = entry && { bytes: entry.bytesReceived ?? 0, frames: entry.framesDecoded ?? 0, at: entry.timestamp };
    const { frameWidth: width = 0, frameHeight: height = 0 } = entry ?? {};
    figures.value = before && now && now.at > before.at && width > 0 ? { width, height, ...between(before, now) } : undefined;
    before = now;
  };
  const timer = setInterval(() => void look(), INTERVAL_MS);
  return () => {
    clearInterval(timer);
  };
}

interface Counted {
  readonly bytes: number;
  readonly frames: number;
  /** When it was counted, ms. */
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
