import { expect, test } from "vitest";
import { withoutChannels, withoutRefusedTransports } from "../src/web/sdp";

const OFFER = [
  "v=0",
  "a=group:BUNDLE c v",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "a=mid:c",
  "a=candidate:1 1 udp 1 192.0.2.1 1 typ host",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=mid:v",
  "",
].join("\r\n");

test("the channels' line is refused and leaves the bundle, the others stay", () => {
  const sdp = withoutChannels(OFFER);
  expect(sdp).toContain("m=application 0 UDP/DTLS/SCTP");
  expect(sdp).toContain("a=group:BUNDLE v\r\n");
  expect(sdp).toContain("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\na=candidate:1");
  expect(sdp.match(/a=candidate/g)?.length).toBe(1);
});

test("an offer without channels stays as it is", () => {
  const sdp = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\n";
  expect(withoutChannels(sdp)).toBe(sdp);
});

test("a refused line of an answer names no transport", () => {
  const lines = ["a=ice-ufrag:x", "a=ice-pwd:y", "a=fingerprint:z", "a=mid:c"];
  const sections = [["v=0"], ["m=application 0 UDP/DTLS/SCTP w", ...lines], ["m=video 9 UDP 96", ...lines]];
  const sdp = `${sections.flat().join("\r\n")}\r\n`;
  expect(withoutRefusedTransports(sdp).match(/ice-ufrag|ice-pwd|fingerprint/g)?.length).toBe(3);
});
