import { signal, type ReadonlySignal } from "@preact/signals";
import { useEffect } from "preact/hooks";

/** Distance from the edge within which the pointer brings the bars back, CSS px. */
const EDGE_PX = 64;

export type Bars = "shown" | "hidden" | "peeking";

export const isFullscreen = signal(false);
const bars = signal<Bars>("shown");

export async function toggleFullscreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else await document.documentElement.requestFullscreen();
}

/**
 * Says if the bars are shown: in full screen only while the pointer is near an edge or a control
 * has the focus.
 */
export function useFullscreen(): ReadonlySignal<Bars> {
  useEffect(() => {
    const controller = new AbortController();
    const options = { signal: controller.signal };
    document.addEventListener("fullscreenchange", () => {
      isFullscreen.value = document.fullscreenElement !== null;
      bars.value = isFullscreen.value ? "hidden" : "shown";
    }, options);
    document.addEventListener("pointermove", ({ target, clientX, clientY, buttons }) => {
      if (!isFullscreen.peek() || buttons !== 0) return;
      const edge = Math.min(clientX, clientY, innerWidth - clientX, innerHeight - clientY);
      const onBar = target instanceof Element && target.closest(".stage-area") === null;
      bars.value = edge < EDGE_PX || onBar ? "peeking" : "hidden";
    }, options);
    return () => {
      controller.abort();
    };
  }, []);
  return bars;
}
