/** Protocol by which a way to a relay leaves the browser. */
export type Way = "udp" | "tcp" | "tls";

/** The outcome of trying one way. */
export type Verdict =
  | { readonly kind: "works"; readonly ms: number }
  | { readonly kind: "credentials" | "full" | "refused"; readonly code: number }
  | { readonly kind: "untrusted" }
  | { readonly kind: "blocked" };

/** One URL of a relay (RFC 7065), taken apart. */
export interface RelayUrl {
  readonly url: string;
  readonly way: Way;
  readonly host: string;
  readonly port: number;
}

/**
 * Longest that one way may take, ms: a browser sends its request over UDP again for about 9.5 s.
 */
const TEST_MS_MAX = 12_000;

/** Codes of RFC 8656 section 19 and RFC 8489 section 14.8 that are about the credentials. */
const CREDENTIALS: ReadonlySet<number> = new Set([401, 431, 438, 441]);
const FULL: ReadonlySet<number> = new Set([486, 508]);
/** The browser's own code for a relay that it could not reach (WebRTC section 4.8.1.3). */
const UNREACHABLE = 701;

/** Takes a URL apart. Returns `undefined` if it is none of a relay. */
export function readRelayUrl(url: string): RelayUrl | undefined {
  const parts = /^(turns?):(\[[^\]]+\]|[^:?]+)(?::(\d+))?(?:\?transport=(udp|tcp))?$/.exec(url);
  const [, scheme, host, port, transport] = parts ?? [];
  if (!scheme || !host) return undefined;
  const secure = scheme === "turns";
  const way = secure ? "tls" : transport === "tcp" ? "tcp" : "udp";
  return { url, way, host, port: Number(port ?? (secure ? 5349 : 3478)) };
}

/**
 * Judges a way by the codes that the browser gave for it. `page` is the address of this page: a TLS
 * port that gave a page is open, so only the certificate can be at fault.
 */
export function judge(relay: RelayUrl, codes: readonly number[], page: Pick<Location, "protocol" | "hostname" | "port">): Verdict {
  const code = codes.find((each) => each !== UNREACHABLE);
  if (code !== undefined) {
    if (CREDENTIALS.has(code)) return { kind: "credentials", code };
    return { kind: FULL.has(code) ? "full" : "refused", code };
  }
  const came = page.protocol === "https:" && page.hostname === relay.host && Number(page.port || 443) === relay.port;
  return { kind: relay.way === "tls" && came ? "untrusted" : "blocked" };
}

/** Tries one way alone: asks the relay for an address and gives it back. */
export async function tryWay(relay: RelayUrl, { username, credential }: RTCIceServer): Promise<Verdict> {
  const servers: RTCIceServer = { urls: [relay.url] };
  if (username !== undefined) servers.username = username;
  if (credential !== undefined) servers.credential = credential;
  const connection = new RTCPeerConnection({ iceServers: [servers], iceTransportPolicy: "relay" });
  const begun = performance.now();
  try {
    const codes: number[] = [];
    const answered = gather(connection, codes);
    connection.createDataChannel("test");
    await connection.setLocalDescription();
    return (await answered) ? { kind: "works", ms: Math.round(performance.now() - begun) } : judge(relay, codes, location);
  } finally {
    connection.close();
  }
}

/**
 * Resolves to true once a relayed candidate came, to false if gathering ended without one. Codes of
 * errors go into `codes`.
 */
function gather(connection: RTCPeerConnection, codes: number[]): Promise<boolean> {
  return new Promise((resolve) => {
    setTimeout(resolve, TEST_MS_MAX, false);
    connection.onicecandidateerror = ({ errorCode }) => {
      codes.push(errorCode);
    };
    connection.onicecandidate = ({ candidate }) => {
      if (candidate?.type === "relay") resolve(true);
      else if (!candidate) resolve(false);
    };
  });
}
