import { create } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import { ClosingSchema, PongSchema } from "../src/gen/fmz/v1/session_pb";
import { Backoff } from "../src/core/backoff";
import { SILENCE_MS_MAX } from "../src/core/limits";
import { Signaling } from "../src/core/signaling";
import { FakeClock, FakeNetwork } from "./fakes";

let clock: FakeClock;
let network: FakeNetwork;
let signaling: Signaling;
let told: string[];

beforeEach(() => {
  clock = new FakeClock();
  network = new FakeNetwork();
  told = [];
  signaling = new Signaling(network.openSocket, () => ({ protocol: 1 }), clock, new Backoff(() => 1));
  signaling.on("lost", ({ attempt, code }) => told.push(`lost ${attempt} ${code ?? ""}`.trim()));
  signaling.on("ended", ({ code }) => told.push(`ended ${code}`));
  signaling.on("welcomed", () => told.push("welcomed"));
  signaling.start();
});

describe("the WebSocket of a session", () => {
  test("says Hello first, and nothing before the server took it", () => {
    network.last.events.opened();
    signaling.send({ case: "leave", value: { $typeName: "fmz.v1.Leave" } });
    expect(network.last.heard.map(({ case: name }) => name)).toEqual(["hello"]);
  });

  test("comes back for ever, with pauses that grow to eight seconds", () => {
    for (const delay of [250, 500, 1000, 2000, 4000, 8000, 8000, 8000]) {
      const before = network.connections.length;
      network.last.drop();
      clock.advance(delay - 1);
      expect(network.connections.length).toBe(before);
      clock.advance(1);
      expect(network.connections.length).toBe(before + 1);
    }
  });

  test("begins with short pauses again once the server took it", () => {
    for (let tries = 0; tries < 6; tries += 1) {
      network.last.drop();
      clock.advance(8000);
    }
    network.last.welcome();
    network.last.drop();
    clock.advance(250);
    expect(network.connections.length).toBe(8);
    expect(told.slice(-2)).toEqual(["welcomed", "lost 1"]);
  });

  test("goes before its time where it is told that the network is back", () => {
    network.last.drop();
    signaling.hurry();
    signaling.hurry();
    clock.advance(10_000);
    expect(network.connections.filter(({ open }) => open).length).toBe(1);
  });

  test("holds a silent server for dead after 15 s, and takes nothing from it afterwards", () => {
    const silent = network.last;
    silent.welcome();
    clock.advance(SILENCE_MS_MAX);
    expect(silent.open).toBe(false);
    silent.welcome();
    silent.drop();
    expect(told).toEqual(["welcomed", "lost 1"]);
  });

  test("pings, and tells the round trip", () => {
    const trips: number[] = [];
    signaling.on("roundTrip", (ms) => trips.push(ms));
    network.last.welcome({ pingIntervalMs: 2000 });
    clock.advance(5000);
    const ping = network.last.heard.find(({ case: name }) => name === "ping");
    if (ping?.case !== "ping") throw new Error("no ping");
    clock.advance(30);
    network.last.say({ case: "pong", value: create(PongSchema, { sentUs: ping.value.sentUs }) });
    expect(trips).toEqual([30]);
  });

  test("ends where coming back is pointless, and keeps the reason where it is not", () => {
    network.last.welcome();
    network.last.say({ case: "closing", value: create(ClosingSchema, { code: "shutdown", retry: true }) });
    network.last.drop();
    clock.advance(1000);
    network.last.say({ case: "closing", value: create(ClosingSchema, { code: "expired", retry: false }) });
    network.last.drop();
    clock.advance(60_000);
    expect(told).toEqual(["welcomed", "lost 1 shutdown", "ended expired"]);
    expect(network.connections.length).toBe(2);
  });

  test("drops a connection whose frames it can not read", () => {
    network.last.welcome();
    network.last.events.received(Uint8Array.from([9]));
    expect(told).toEqual(["welcomed", "lost 1"]);
  });
});
