/** Protocol by which a relayed path leaves this browser. */
export type RelayPath = "udp" | "tcp" | "tls";

/** The fields that are read of a statistics report, of whatever kind the entry is. */
interface Entry {
  readonly type: string;
  readonly id: string;
  readonly selectedCandidatePairId?: string;
  /** Firefox names no pair in the transport and marks the pair instead. */
  readonly selected?: boolean;
  readonly localCandidateId?: string;
  readonly candidateType?: string;
  readonly relayProtocol?: string;
}

/**
 * Returns the protocol of the relayed path in use; `undefined` if the path is direct, or if there
 * is none yet.
 */
export function relayOf(report: Pick<RTCStatsReport, "forEach">): RelayPath | undefined {
  const entries = new Map<string, Entry>();
  report.forEach((entry: Entry) => entries.set(entry.id, entry));
  const all = [...entries.values()];
  const named = all.find(({ selectedCandidatePairId }) => selectedCandidatePairId)?.selectedCandidatePairId;
  const pair = named ? entries.get(named) : all.find(({ type, selected }) => type === "candidate-pair" && selected);
  const local = pair?.localCandidateId ? entries.get(pair.localCandidateId) : undefined;
  if (local?.candidateType !== "relay") return undefined;
  const { relayProtocol } = local;
  return relayProtocol === "tcp" || relayProtocol === "tls" ? relayProtocol : "udp";
}
