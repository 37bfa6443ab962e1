/** Refuses the data channels of an offer (RFC 8843 section 7.2: port 0, out of the bundle), and nothing else. */
export function withoutChannels(sdp: string): string {
  const sections = sdp.split(/(?=^m=)/m);
  const channels = sections.find((section) => section.startsWith("m=application"));
  const mid = channels && /^a=mid:(\S+)/m.exec(channels)?.[1];
  if (!mid) return sdp;
  return sections.map((section) => (section === channels ? refused(section) : unbundled(section, mid))).join("");
}

function refused(section: string): string {
  return section.replace(/^m=application \d+/, "m=application 0").replace(/^a=bundle-only\r?\n/m, "");
}

function unbundled(section: string, mid: string): string {
  return section.replace(/^a=group:BUNDLE .*$/m, (group) =>
    group
      .split(" ")
      .filter((item) => item !== mid)
      .join(" "),
  );
}
