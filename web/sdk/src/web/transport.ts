import { create } from "@bufbuild/protobuf";
import {
  AnswerSchema,
  IceCandidateSchema,
  type Answer,
  type IceCandidate,
  type Offer,
  type PublishLine,
} from "../gen/fmz/v1/session_pb";
import { Emitter } from "../core/events";
import { LIVE_LIFETIME_MS } from "../core/limits";
import type { ChannelName } from "../core/engine";
import type { ChannelSend } from "../core/session";
import { withoutChannels, withoutRefusedTransports } from "./sdp";

/** Time that a lost path has to come back by itself before the transport is given up, ms. */
const DISCONNECTED_MS_MAX = 5_000;

export type TransportState = "connecting" | "connected" | "failed";

export interface TransportEvents {
  state: TransportState;
  answer: Answer;
  candidate: IceCandidate;
  channel: { readonly name: ChannelName; readonly send: ChannelSend | undefined };
  frame: { readonly name: ChannelName; readonly frame: Uint8Array };
  /** Media of a publication arrives in this stream. */
  stream: { readonly publication: string; readonly stream: MediaStream };
}

/** Returns the track that waits for a line; `undefined` if it is gone by now. */
export type TrackOf = (line: PublishLine) => { track: MediaStreamTrack; bitrateKbps: number } | undefined;

/** By which relays a transport may go. */
export type RelayConfiguration = Pick<RTCConfiguration, "iceServers" | "iceTransportPolicy">;

function configurationOf(relays: RelayConfiguration): RTCConfiguration {
  return { bundlePolicy: "max-bundle", ...relays };
}

const CHANNELS: readonly { name: ChannelName; init: RTCDataChannelInit }[] = [
  { name: "ops", init: { negotiated: true, id: 0, ordered: true } },
  { name: "live", init: { negotiated: true, id: 1, ordered: false, maxPacketLifeTime: LIVE_LIFETIME_MS } },
];

/**
 * One RTCPeerConnection: answers offers in their order, carries media and the two data channels.
 */
export class PeerTransport extends Emitter<TransportEvents> {
  private readonly connection: RTCPeerConnection;
  private offers = Promise.resolve();
  private patience: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly number: number,
    private readonly dataChannels: boolean,
    private readonly trackOf: TrackOf,
    relays: RelayConfiguration,
  ) {
    super();
    this.connection = new RTCPeerConnection(configurationOf(relays));
    if (dataChannels) for (const { name, init } of CHANNELS) this.openChannel(name, init);
    this.listen();
  }

  /** Answers an offer, after those before it. */
  handleOffer(offer: Offer): void {
    this.offers = this.offers
      .then(() => this.answer(offer))
      .catch((cause: unknown) => {
        if (this.connection.signalingState === "closed") return;
        console.warn("offer not answered", cause);
        this.emit("state", "failed");
      });
  }

  /** Takes new relays for what is gathered from now on; the path that is in use stays (ice4). */
  setRelays(relays: RelayConfiguration): void {
    if (this.connection.signalingState !== "closed") this.connection.setConfiguration(configurationOf(relays));
  }

  stats(track?: MediaStreamTrack): Promise<RTCStatsReport> {
    return this.connection.getStats(track);
  }

  close(): void {
    clearTimeout(this.patience);
    this.connection.onconnectionstatechange = null;
    this.connection.close();
  }

  private async answer(offer: Offer): Promise<void> {
    const sdp = this.dataChannels ? offer.sdp : withoutChannels(offer.sdp);
    await this.connection.setRemoteDescription({ type: "offer", sdp });
    await Promise.all(offer.lines.map((line) => this.fillLine(line)));
    await this.connection.setLocalDescription();
    const local = this.connection.localDescription;
    if (!local) return;
    const answer = this.dataChannels ? local.sdp : withoutRefusedTransports(local.sdp);
    this.emit("answer", create(AnswerSchema, { offer: offer.offer, sdp: answer, transport: this.number }));
  }

  private async fillLine(line: PublishLine): Promise<void> {
    const transceiver = this.connection.getTransceivers().find(({ mid }) => mid === line.mid);
    const local = this.trackOf(line);
    if (!transceiver || !local) return;
    transceiver.direction = "sendonly";
    await transceiver.sender.replaceTrack(local.track);
    if (local.bitrateKbps > 0) await limitBitrate(transceiver.sender, local.bitrateKbps);
  }

  private openChannel(name: ChannelName, init: RTCDataChannelInit): void {
    const channel = this.connection.createDataChannel(name, init);
    channel.binaryType = "arraybuffer";
    channel.onopen = () => {
      this.emit("channel", {
        name,
        send: (frame) => {
          if (channel.readyState === "open") channel.send(frame);
        },
      });
    };
    channel.onclose = () => {
      this.emit("channel", { name, send: undefined });
    };
    channel.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (data instanceof ArrayBuffer) this.emit("frame", { name, frame: new Uint8Array(data) });
    };
  }

  private listen(): void {
    const { connection } = this;
    connection.ontrack = ({ streams: [stream] }) => {
      if (stream) this.emit("stream", { publication: stream.id, stream });
    };
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.candidate) this.emit("candidate", this.candidateOf(candidate));
    };
    connection.onconnectionstatechange = () => {
      this.handleState(connection.connectionState);
    };
  }

  private handleState(state: RTCPeerConnectionState): void {
    clearTimeout(this.patience);
    switch (state) {
      case "connected":
        this.emit("state", "connected");
        break;
      case "disconnected":
        this.patience = setTimeout(() => {
          this.emit("state", "failed");
        }, DISCONNECTED_MS_MAX);
        break;
      case "failed":
        this.emit("state", "failed");
        break;
      default:
        break;
    }
  }

  private candidateOf(candidate: RTCIceCandidate): IceCandidate {
    return create(IceCandidateSchema, {
      candidate: candidate.candidate,
      mid: candidate.sdpMid ?? "",
      transport: this.number,
    });
  }
}

async function limitBitrate(sender: RTCRtpSender, kbps: number): Promise<void> {
  const parameters = sender.getParameters();
  for (const encoding of parameters.encodings) encoding.maxBitrate = kbps * 1000;
  await sender.setParameters(parameters);
}
