/**
 * Faults that are put into a page before its own code runs: lists of functions, each with its
 * arguments (`before` of `Participant`).
 */

/** Acts like a firewall that lets no datagram through in either direction. */
export const blockDatagrams = [[hideOwnAddresses], [moveServer, ""]];

/**
 * Sends all datagrams to this address (`ip:port`) instead of the server's, and lets none in from
 * elsewhere.
 */
export function throughLink(address) {
  return [[hideOwnAddresses], [moveServer, address]];
}

/** Keeps the page's data channels within reach. */
export function keepChannels() {
  window.channels = [];
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...given) {
    const channel = create.apply(this, given);
    window.channels.push(channel);
    return channel;
  };
}

/**
 * Runs in the page: hides this page's addresses from the server, which learns one only from
 * datagrams that it receives.
 */
function hideOwnAddresses() {
  for (const property of ["localDescription", "currentLocalDescription", "pendingLocalDescription"]) {
    const { get } = Object.getOwnPropertyDescriptor(RTCPeerConnection.prototype, property);
    Object.defineProperty(RTCPeerConnection.prototype, property, {
      get() {
        const description = get.call(this);
        return description && { type: description.type, sdp: description.sdp.replace(/^a=candidate:.*\r\n/gm, "") };
      },
    });
  }
  Object.defineProperty(RTCPeerConnection.prototype, "onicecandidate", { set() {}, get: () => null });
  const listen = RTCPeerConnection.prototype.addEventListener;
  RTCPeerConnection.prototype.addEventListener = function (name, ...rest) {
    if (name !== "icecandidate") listen.call(this, name, ...rest);
  };
}

/**
 * Runs in the page: moves the server to an address `ip:port`, or nowhere if the address is empty.
 */
function moveServer(address) {
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  // Foundation, component, protocol and priority stand before address and port (RFC 8839 section
  // 5.1).
  const place = /^(a=candidate:\S+ \S+ \S+ \S+) \S+ \S+ /gm;
  const move = (sdp) =>
    address ? sdp.replace(place, `$1 ${address.replace(":", " ")} `) : sdp.replace(/^a=candidate:.*\r\n/gm, "");
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return set.call(this, { type, sdp: move(sdp) });
  };
  RTCPeerConnection.prototype.addIceCandidate = () => Promise.resolve();
}
