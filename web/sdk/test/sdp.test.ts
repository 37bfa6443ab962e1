import { expect, test } from "vitest";
import { withoutChannels } from "../src/web/sdp";

const OFFER = [
  "v=0",
  "a=group:BUNDLE c v",
  "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
  "a=mid:c",
  "m=video 9 UDP/TLS/RTP/SAVPF 96",
  "a=mid:v",
  "",
].join("\r\n");

test("the channels' line is refused and leaves the bundle, the others stay", () => {
  const sdp = withoutChannels(OFFER);
  expect(sdp).toContain("m=application 0 UDP/DTLS/SCTP");
  expect(sdp).toContain("a=group:BUNDLE v\r\n");
  expect(sdp).toContain("m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v");
});

test("an offer without channels stays as it is", () => {
  const sdp = "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:v\r\n";
  expect(withoutChannels(sdp)).toBe(sdp);
});
