import { readFile } from "node:fs/promises";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { IceServersSchema, IceServerSchema } from "../src/gen/fmz/v1/session_pb";
import { Session } from "../src/core/session";
import { loadReplica } from "../src/web/replica";
import { PeerTransport } from "../src/web/transport";
import { FakeClock, FakeNetwork } from "./fakes";

const wasm = await readFile(new URL("../src/wasm/fmz_participant_bg.wasm", import.meta.url));
const TOLD = { urls: ["turn:r.example:3478?transport=udp"], username: "1:demo/1", credential: "secret" };

/** Keeps what a connection is told. */
class FakePeer {
  static told: RTCConfiguration[] = [];
  signalingState = "stable";

  constructor(configuration: RTCConfiguration) {
    FakePeer.told.push(configuration);
  }

  setConfiguration(configuration: RTCConfiguration): void {
    FakePeer.told.push(configuration);
  }

  close(): void {
    this.signalingState = "closed";
  }
}

beforeEach(() => {
  FakePeer.told = [];
  vi.stubGlobal("RTCPeerConnection", FakePeer);
});

afterEach(() => {
  vi.unstubAllGlobals();
});

test("ice4: a transport begins with its relays and takes new ones, and nothing else of it changes", () => {
  const transport = new PeerTransport(1, false, () => undefined, { iceServers: [], iceTransportPolicy: "relay" });
  transport.setRelays({ iceServers: [TOLD], iceTransportPolicy: "relay" });
  transport.close();
  transport.setRelays({ iceServers: [], iceTransportPolicy: "relay" });
  expect(FakePeer.told).toEqual([
    { bundlePolicy: "max-bundle", iceServers: [], iceTransportPolicy: "relay" },
    { bundlePolicy: "max-bundle", iceServers: [TOLD], iceTransportPolicy: "relay" },
  ]);
});

test("ice4: a session passes on what it is told", async () => {
  const network = new FakeNetwork();
  const session = new Session({
    openSocket: network.openSocket,
    clock: new FakeClock(),
    random: () => 0,
    replica: await loadReplica(wasm),
    token: "token",
    name: "Ada",
    sessionKey: new Uint8Array(16),
    transport: true,
  });
  const told = vi.fn();
  session.on("relays", told);
  session.start();
  network.last.events.opened();
  const value = create(IceServersSchema, { servers: [create(IceServerSchema, TOLD)], lifetimeS: 3600 });
  network.last.say({ case: "iceServers", value });
  expect(told).toHaveBeenCalledWith(expect.objectContaining({ lifetimeS: 3600, servers: [expect.objectContaining(TOLD)] }));
});
