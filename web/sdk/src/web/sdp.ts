/** Lines of a refused section that would be mistaken for those of the transport. */
const TRANSPORT_LINES = /^a=(?:ice-ufrag|ice-pwd|ice-options|fingerprint|setup|candidate|end-of-candidates)\b.*\r?\n/gm;

/**
 * Refuses the data channels of an offer and nothing else: their line gets port 0 and leaves the
 * bundle (RFC 8843 section 7.2), whose transport the next line then describes.
 */
export function withoutChannels(sdp: string): string {
  const sections = sdp.split(/(?=^m=)/m);
  const at = sections.findIndex((section) => section.startsWith("m=application"));
  const channels = sections[at];
  const mid = channels && /^a=mid:(\S+)/m.exec(channels)?.[1];
  if (!channels || !mid) return sdp;
  const candidates = channels.match(/^a=candidate:.*\r?\n/gm) ?? [];
  const kept = sections.map((section) => unbundled(section, mid));
  kept[at] = channels.replace(/^m=application \d+/, "m=application 0").replace(/^a=candidate:.*\r?\n/gm, "");
  const heir = kept[at + 1];
  if (heir !== undefined && !/^a=candidate:/m.test(heir)) kept[at + 1] = heir + candidates.join("");
  return kept.join("");
}

/** Takes the transport's lines out of refused sections of an answer. */
export function withoutRefusedTransports(sdp: string): string {
  const sections = sdp.split(/(?=^m=)/m);
  return sections.map((section) => (/^m=\S+ 0 /.test(section) ? section.replace(TRANSPORT_LINES, "") : section)).join("");
}

function unbundled(section: string, mid: string): string {
  return section.replace(/^a=group:BUNDLE .*$/m, (group) =>
    group
      .split(" ")
      .filter((item) => item !== mid)
      .join(" "),
  );
}
