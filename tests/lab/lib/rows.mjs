/**
 * What each router leaves open: whether datagrams reach the server's media port, and over which transports a relay can be
 * reached. `host` is how the client names the server.
 */
export const ROWS = {
  symmetric: { host: process.env.LAB_SERVER, direct: true, relays: ["udp", "tcp", "tls"] },
  "endpoint-independent": { host: process.env.LAB_SERVER, direct: true, relays: ["udp", "tcp", "tls"] },
  "udp-blocked": { host: process.env.LAB_SERVER, direct: false, relays: ["tcp", "tls"] },
  "tcp-443": { host: process.env.LAB_SERVER, direct: false, relays: ["tls"] },
  "ipv6-only": { host: `[${process.env.LAB_SERVER6}]`, direct: true, relays: ["udp", "tcp", "tls"] },
};

/** How a client speaks to a relay. */
export const TRANSPORTS = ["udp", "tcp", "tls"];
