const { LAB_NAME, LAB_SERVER, LAB_SERVER6 } = process.env;
const TRANSPORTS = ["udp", "tcp", "tls"];

/**
 * Paths that each router leaves open: whether datagrams reach the server's media port; the
 * transports over which browsers and the native client (which sends no datagrams over IPv6) must
 * reach the relay; and those over which nobody may. A router's mapping of addresses makes no
 * difference to TCP, so TCP is tried behind one of the two. `host` is the client's name for the
 * server: a DNS name if TLS is all that Firefox has.
 */
export const ROWS = {
  symmetric: { host: LAB_SERVER, direct: true, browsers: TRANSPORTS, natives: TRANSPORTS, blocked: [] },
  "endpoint-independent": { host: LAB_SERVER, direct: true, browsers: ["udp"], natives: ["udp"], blocked: [] },
  "udp-blocked": { host: LAB_SERVER, direct: false, browsers: ["tcp", "tls"], natives: ["tcp", "tls"], blocked: ["udp"] },
  "tcp-443": { host: LAB_NAME, direct: false, browsers: ["tls"], natives: ["tls"], blocked: ["udp", "tcp"] },
  "ipv6-only": { host: `[${LAB_SERVER6}]`, direct: true, browsers: TRANSPORTS, natives: ["tcp", "tls"], blocked: [] },
};
