import { beforeEach, describe, expect, test } from "vitest";
import { Backoff } from "../src/core/backoff";
import { OPEN_MS_MAX } from "../src/core/limits";
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
  signaling = new Signaling(network.openSocket, clock, new Backoff(() => 1));
  signaling.on("lost", ({ attempt, code }) => told.push(`lost ${attempt} ${code ?? ""}`.trim()));
  signaling.on("ended", ({ code }) => told.push(`ended ${code}`));
  signaling.on("opened", () => told.push("opened"));
  signaling.on("frame", ([byte]) => told.push(`frame ${byte}`));
  signaling.start();
});

describe("the WebSocket of a session", () => {
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

  test("begins with short pauses again once a connection holds", () => {
    for (let tries = 0; tries < 6; tries += 1) {
      network.last.drop();
      clock.advance(8000);
    }
    network.last.events.opened();
    signaling.holds();
    network.last.drop();
    clock.advance(250);
    expect(network.connections.length).toBe(8);
    expect(told.slice(-2)).toEqual(["opened", "lost 1"]);
  });

  test("goes before its time where it is told that the network is back", () => {
    network.last.drop();
    signaling.hurry();
    signaling.hurry();
    clock.advance(10_000);
    expect(network.connections.filter(({ open }) => open).length).toBe(1);
  });

  test("gives up what does not open in 15 s, and takes nothing from it afterwards", () => {
    const silent = network.last;
    clock.advance(OPEN_MS_MAX - 1);
    expect(silent.open).toBe(true);
    clock.advance(1);
    expect(silent.open).toBe(false);
    silent.events.opened();
    silent.events.received(Uint8Array.from([7]));
    silent.drop();
    expect(told).toEqual(["lost 1"]);
  });

  test("has all the time there is once it opened", () => {
    network.last.events.opened();
    clock.advance(10 * OPEN_MS_MAX);
    network.last.events.received(Uint8Array.from([7]));
    expect(told).toEqual(["opened", "frame 7"]);
  });

  test("ends where coming back is pointless, and keeps the reason where it is not", () => {
    signaling.close({ code: "shutdown", text: "", retry: true });
    network.last.drop();
    clock.advance(1000);
    signaling.close({ code: "expired", text: "", retry: false });
    network.last.drop();
    clock.advance(60_000);
    expect(told).toEqual(["lost 1 shutdown", "ended expired"]);
    expect(network.connections.length).toBe(2);
  });
});
