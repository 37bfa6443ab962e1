import { expect, test } from "vitest";
import { judge, readRelayUrl, type RelayUrl } from "../src/state/relay-test";

const PAGE = { protocol: "https:", hostname: "r.example", port: "" };

function relay(url: string): RelayUrl {
  const read = readRelayUrl(url);
  if (!read) throw new Error(`${url} is no relay's`);
  return read;
}

test.each([
  ["turn:r.example:3478?transport=udp", "udp", "r.example", 3478],
  ["turn:r.example?transport=tcp", "tcp", "r.example", 3478],
  ["turns:[2001:db8::1]:443?transport=tcp", "tls", "[2001:db8::1]", 443],
  ["turns:r.example", "tls", "r.example", 5349],
])("%s is taken apart", (url, way, host, port) => {
  expect(readRelayUrl(url)).toEqual({ url, way, host, port });
});

test.each(["stun:r.example", "https://r.example", "turn:", "turn:r.example:x"])("%s is no relay's", (url) => {
  expect(readRelayUrl(url)).toBeUndefined();
});

const UDP = "turn:r.example:3478?transport=udp";
const TLS = "turns:r.example:443?transport=tcp";

test.each([
  ["nothing over UDP", UDP, [], { kind: "blocked" }],
  ["no answer over UDP", UDP, [701], { kind: "blocked" }],
  ["wrong credentials", UDP, [401], { kind: "credentials", code: 401 }],
  ["wrong credentials on one of two networks", UDP, [701, 438], { kind: "credentials", code: 438 }],
  ["no place", UDP, [486], { kind: "full", code: 486 }],
  ["a refusal", UDP, [403], { kind: "refused", code: 403 }],
  ["TLS that failed where the page came through", TLS, [701], { kind: "untrusted" }],
  ["TLS that failed on another port", "turns:r.example:5349", [701], { kind: "blocked" }],
])("%s", (_, url, codes, verdict) => {
  expect(judge(relay(url), codes, PAGE)).toEqual(verdict);
});
