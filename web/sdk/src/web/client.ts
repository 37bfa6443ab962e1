import { create } from "@bufbuild/protobuf";
import { FrameMapSchema, RestartTransportSchema, type FrameMap, type IceServers, type Offer } from "../gen/fmz/v1/session_pb";
import { Backoff } from "../core/backoff";
import { Emitter } from "../core/events";
import type { Replica } from "../core/engine";
import { Session, type SessionStatus } from "../core/session";
import { browserClock, webSocketTo } from "./browser";
import { Publisher } from "./publisher";
import { PeerTransport, type RelayConfiguration } from "./transport";

/** What carries pictures and ops now. */
export type MediaState =
  | { readonly kind: "connecting" }
  | { readonly kind: "connected" }
  /**
   * No media path: notes and marks travel over the WebSocket, pictures do not come. Tries go on.
   */
  | { readonly kind: "failed" };

export interface ClientEvents {
  media: MediaState;
  /** Streams by publication changed. */
  streams: ReadonlyMap<string, MediaStream>;
  /** What this client publishes changed. */
  published: Publisher;
  /** The server refused to publish a source. */
  publishRefused: { readonly code: string; readonly text: string };
}

export interface ClientOptions {
  /** `ws:` or `wss:` address of the server's `/ws`. */
  readonly url: string;
  readonly token: string;
  readonly name: string;
  readonly replica: Replica;
  /**
   * 16 bytes that stand for this participant's session; the same after a reload
   * keeps their marks their own.
   */
  readonly sessionKey: Uint8Array<ArrayBuffer>;
  /** False sends ops and pointers over the WebSocket only; media stays. */
  readonly dataChannels?: boolean;
  /** `relay` lets nothing but relayed paths be used; `all`, the default, prefers the direct one. */
  readonly iceTransportPolicy?: RTCIceTransportPolicy;
}

/** A participant in a browser: a [`Session`] and the media that belongs to it. */
export class RoomClient extends Emitter<ClientEvents> {
  readonly session: Session;
  readonly publisher: Publisher;
  private readonly dataChannels: boolean;
  private relays: RelayConfiguration;
  private readonly streams = new Map<string, MediaStream>();
  private readonly restarts = new Backoff(Math.random);
  private transport: PeerTransport | undefined;
  private transportStale = false;
  private cancelRestart: () => void = () => undefined;
  private state: MediaState = { kind: "connecting" };

  constructor(options: ClientOptions) {
    super();
    this.dataChannels = options.dataChannels ?? true;
    this.relays = { iceServers: [], iceTransportPolicy: options.iceTransportPolicy ?? "all" };
    this.session = new Session({
      openSocket: webSocketTo(options.url),
      clock: browserClock,
      random: Math.random,
      replica: options.replica,
      token: options.token,
      name: options.name,
      sessionKey: options.sessionKey,
      transport: true,
    });
    this.publisher = new Publisher(
      (message) => {
        this.session.send(message);
      },
      () => {
        this.emit("published", this.publisher);
      },
    );
    this.listen();
  }

  get media(): MediaState {
    return this.state;
  }

  start(): void {
    window.addEventListener("pagehide", this.handlePageHide);
    window.addEventListener("online", this.handleOnline);
    this.session.start();
  }

  leave(): void {
    this.session.leave();
    this.end();
  }

  stream(publication: string): MediaStream | undefined {
    return this.streams.get(publication);
  }

  /** Relays that the server told, for what it takes to test them. */
  get iceServers(): readonly RTCIceServer[] {
    return this.relays.iceServers ?? [];
  }

  stats(): Promise<RTCStatsReport> | undefined {
    return this.transport?.stats();
  }

  /** Announces which frames a published programme shows. */
  sendFrameMap(map: FrameMap): void {
    this.session.send({ case: "frameMap", value: create(FrameMapSchema, map) });
  }

  private listen(): void {
    const { session } = this;
    session.on("relays", (relays) => {
      this.handleRelays(relays);
    });
    session.on("offer", (offer) => {
      this.handleOffer(offer);
    });
    session.on("welcomed", () => {
      this.transportStale = true;
      this.publisher.askAll();
    });
    session.on("status", (status) => {
      this.handleStatus(status);
    });
    session.on("error", ({ code, text, request }) => {
      if (request > 0 && this.publisher.refuse(request)) this.emit("publishRefused", { code, text });
      if (code === "restart_rate" && this.state.kind === "failed") this.handleFailed();
    });
  }

  private handleStatus(status: SessionStatus): void {
    if (status.kind === "ended") this.end();
    if (status.kind === "reconnecting") this.cancelRestart();
  }

  private handleRelays({ servers }: IceServers): void {
    const iceServers = servers.map(({ urls, username, credential }) => ({ urls, username, credential }));
    this.relays = { ...this.relays, iceServers };
    this.transport?.setRelays(this.relays);
  }

  private handleOffer(offer: Offer): void {
    if (!this.transport || this.transportStale || this.transport.number !== offer.transport) this.open(offer);
    this.transport?.handleOffer(offer);
  }

  /**
   * Opens the transport that an offer is for. The one before showed its last pictures until here.
   */
  private open(offer: Offer): void {
    const again = this.transport !== undefined && !this.transportStale;
    this.closeTransport();
    this.transportStale = false;
    this.streams.clear();
    const transport = new PeerTransport(offer.transport, this.dataChannels, this.publisher.trackOf, this.relays);
    this.transport = transport;
    // A path that failed stays failed until one holds, however many are tried.
    if (this.state.kind !== "failed") this.setMedia({ kind: "connecting" });
    this.follow(transport);
    if (again) this.publisher.askAll();
  }

  private follow(transport: PeerTransport): void {
    const { session } = this;
    transport.on("answer", (value) => {
      session.send({ case: "answer", value });
    });
    transport.on("candidate", (value) => {
      session.send({ case: "candidate", value });
    });
    transport.on("channel", ({ name, send }) => {
      if (transport === this.transport) session.setChannel(name, send);
    });
    transport.on("frame", ({ name, frame }) => {
      session.handleChannelFrame(frame, name);
    });
    transport.on("stream", ({ publication, stream }) => {
      if (transport === this.transport) this.addStream(publication, stream);
    });
    transport.on("state", (state) => {
      if (transport !== this.transport) return;
      if (state === "connected") this.handleConnected();
      if (state === "failed") this.handleFailed();
    });
  }

  private handleConnected(): void {
    this.restarts.reset();
    // The server may have opened this transport by itself, before it was asked for one.
    this.cancelRestart();
    this.setMedia({ kind: "connected" });
  }

  private handleFailed(): void {
    this.session.setChannel("ops", undefined);
    this.session.setChannel("live", undefined);
    this.setMedia({ kind: "failed" });
    this.cancelRestart();
    this.cancelRestart = browserClock.after(this.restarts.next(), () => {
      this.session.send({ case: "restartTransport", value: create(RestartTransportSchema) });
    });
  }

  private addStream(publication: string, stream: MediaStream): void {
    this.streams.set(publication, stream);
    stream.addEventListener("removetrack", () => {
      if (stream.getTracks().length > 0 || this.streams.get(publication) !== stream) return;
      this.streams.delete(publication);
      this.emit("streams", this.streams);
    });
    this.emit("streams", this.streams);
  }

  private closeTransport(): void {
    this.cancelRestart();
    this.transport?.close();
    this.transport = undefined;
    this.session.setChannel("ops", undefined);
    this.session.setChannel("live", undefined);
  }

  private end(): void {
    window.removeEventListener("pagehide", this.handlePageHide);
    window.removeEventListener("online", this.handleOnline);
    this.publisher.stop();
    this.closeTransport();
  }

  private setMedia(state: MediaState): void {
    this.state = state;
    this.emit("media", state);
  }

  private readonly handlePageHide = (): void => {
    this.transport?.close();
  };

  private readonly handleOnline = (): void => {
    this.session.hurry();
  };
}

