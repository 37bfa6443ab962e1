import { Source, type Publisher } from "@fmz/client";
import { signal } from "@preact/signals";
import type { MessageKey } from "../i18n";
import type { Notices } from "./notices";

type Device = "microphone" | "camera" | "screen";

const SOURCES: Record<Device, Source> = {
  microphone: Source.MICROPHONE,
  camera: Source.CAMERA,
  screen: Source.SCREEN,
};

/** Pictures that are asked of the camera: of a face, not the picture under review. */
const CAMERA: MediaTrackConstraints = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 30 } };

/**
 * This person's microphone, camera and screen. The browser is asked for none of them before its
 * button is pressed.
 */
export class LocalMedia {
  readonly microphone = signal(false);
  readonly camera = signal(false);
  readonly screen = signal(false);
  private readonly previews = new Map<Source, MediaStream>();

  constructor(
    private readonly publisher: Publisher,
    private readonly notices: Notices,
  ) {}

  /** Reads what is being published; to be called at each change of the publisher. */
  refresh(): void {
    const { publisher } = this;
    this.microphone.value = publisher.sources.has(Source.MICROPHONE) && !publisher.isMuted(Source.MICROPHONE);
    this.camera.value = publisher.sources.has(Source.CAMERA);
    this.screen.value = publisher.sources.has(Source.SCREEN);
    for (const source of [Source.CAMERA, Source.SCREEN]) this.refreshPreview(source);
  }

  /** Returns the own track of a source as a stream. */
  preview(source: Source): MediaStream | undefined {
    return this.previews.get(source);
  }

  /**
   * Turns the microphone on or off. It keeps its line while it is off, so that it is on again at
   * once.
   */
  async toggleMicrophone(): Promise<void> {
    const { publisher } = this;
    if (publisher.sources.has(Source.MICROPHONE)) publisher.setMuted(Source.MICROPHONE, this.microphone.peek());
    else await this.start("microphone");
  }

  async toggleCamera(): Promise<void> {
    await this.toggle("camera");
  }

  async toggleScreen(): Promise<void> {
    await this.toggle("screen");
    if (!this.screen.peek()) this.publisher.remove(Source.SCREEN_AUDIO);
  }

  private async toggle(device: Device): Promise<void> {
    if (this.publisher.sources.has(SOURCES[device])) this.publisher.remove(SOURCES[device]);
    else await this.start(device);
  }

  private async start(device: Device): Promise<void> {
    this.notices.dismiss("permission");
    try {
      for (const track of (await capture(device)).getTracks()) this.publish(device, track);
    } catch (cause) {
      this.notices.show("permission", wordsFor(device, cause));
    }
  }

  private publish(device: Device, track: MediaStreamTrack): void {
    const screenAudio = device === "screen" && track.kind === "audio";
    if (device === "screen" && track.kind === "video") track.contentHint = "detail";
    this.publisher.add(screenAudio ? Source.SCREEN_AUDIO : SOURCES[device], track);
  }

  private refreshPreview(source: Source): void {
    const track = this.publisher.track(source);
    if (!track) this.previews.delete(source);
    else if (this.previews.get(source)?.getTracks()[0] !== track) this.previews.set(source, new MediaStream([track]));
  }
}

class InsecurePage extends Error {}

function capture(device: Device): Promise<MediaStream> {
  // Absent on pages that are not secure, whatever the types say.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices) throw new InsecurePage();
  switch (device) {
    case "microphone":
      return devices.getUserMedia({ audio: { echoCancellation: true, noiseSuppression: true } });
    case "camera":
      return devices.getUserMedia({ video: CAMERA });
    case "screen":
      return devices.getDisplayMedia({ video: { frameRate: { ideal: 30 } }, audio: true });
  }
}

function wordsFor(device: Device, cause: unknown): MessageKey {
  if (cause instanceof InsecurePage) return "permission.insecure";
  const name = cause instanceof Error ? cause.name : "";
  if (name === "NotFoundError" && device !== "screen") return `permission.notFound.${device}`;
  if (name === "NotReadableError" || name === "AbortError") return "permission.busy";
  return `permission.${device}`;
}
