const { LAB_NAME, LAB_SERVER, LAB_SERVER6 } = process.env;
const TRANSPORTS = ["udp", "tcp", "tls"];

/**
 * What each router leaves open: whether datagrams reach the server's media port; over which
 * transports browsers and the native client (which has no datagrams over IPv6) have to reach the
 * relay, and over which nobody may. How a router maps addresses makes no difference to TCP, so that
 * is tried behind one of the two. `host` is how the client names the server: by its name where
 * Firefox has nothing but TLS.
 */
export const ROWS = {
  symmetric: { host: LAB_SERVER, direct: true, browsers: TRANSPORTS, natives: TRANSPORTS, blocked: [] },
  "endpoint-independent": { host: LAB_SERVER, direct: true, browsers: ["udp"], natives: ["udp"], blocked: [] },
  "udp-blocked": { host: LAB_SERVER, direct: false, browsers: ["tcp", "tls"], natives: ["tcp", "tls"], blocked: ["udp"] },
  "tcp-443": { host: LAB_NAME, direct: false, browsers: ["tls"], natives: ["tls"], blocked: ["udp", "tcp"] },
  "ipv6-only": { host: `[${LAB_SERVER6}]`, direct: true, browsers: TRANSPORTS, natives: ["tcp", "tls"], blocked: [] },
};
