import { expect, test } from "vitest";
import { relayOf } from "../src/web/path";

const PAIR = { type: "candidate-pair", id: "p", localCandidateId: "l" };

function report(...entries: object[]): Pick<RTCStatsReport, "forEach"> {
  return {
    forEach: (each) => {
      for (const entry of entries) each(entry, "", new Map());
    },
  };
}

function local(candidateType: string, relayProtocol?: string): object {
  return { type: "local-candidate", id: "l", candidateType, relayProtocol };
}

test.each([
  ["Chromium over TLS", [{ type: "transport", id: "t", selectedCandidatePairId: "p" }, PAIR, local("relay", "tls")], "tls"],
  ["Firefox over TCP", [{ ...PAIR, selected: true }, local("relay", "tcp")], "tcp"],
  ["a relay that says no protocol", [{ ...PAIR, selected: true }, local("relay")], "udp"],
  ["a direct path", [{ type: "transport", id: "t", selectedCandidatePairId: "p" }, PAIR, local("host")], undefined],
  ["a pair that is not in use", [PAIR, local("relay", "udp")], undefined],
  ["nothing", [], undefined],
])("%s", (_, entries, path) => {
  expect(relayOf(report(...entries))).toBe(path);
});
