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

/** Looks once a second until the result is called. */
export function watchFigures(room: RoomState): () => void {
  let before: { bytes: number; at: number } | undefined;
  const look = async (): Promise<void> => {
    const main = room.main.peek();
    const track = main && room.streamOf(main)?.getVideoTracks()[0];
    const entry = track && inboundOf(await room.client.stats(), track.id);
    if (!entry) {
      figures.value = before = undefined;
      return;
    }
    const now = { bytes: entry.bytesReceived ?? 0, at: entry.timestamp };
    const megabits = before && now.at > before.at ? ((now.bytes - before.bytes) * 8) / (now.at - before.at) / 1000 : 0;
    before = now;
    const { frameWidth: width = 0, frameHeight: height = 0, framesPerSecond: fps = 0 } = entry;
    figures.value = width > 0 ? { width, height, fps: Math.round(fps), megabits } : undefined;
  };
  const timer = setInterval(() => void look(), INTERVAL_MS);
  return () => {
    clearInterval(timer);
  };
}

function inboundOf(report: RTCStatsReport | undefined, track: string): RTCInboundRtpStreamStats | undefined {
  let found: RTCInboundRtpStreamStats | undefined;
  report?.forEach((entry: RTCInboundRtpStreamStats) => {
    if (entry.type === "inbound-rtp" && entry.trackIdentifier === track) found = entry;
  });
  return found;
}
