/**
 * What is done to a page before its own code runs: a list of functions, each with what it is given
 * (`before` of `Participant`).
 */

/** As behind a firewall that lets no datagram through, either way. */
export const blockDatagrams = [[hideOwnAddresses], [moveServer, ""]];

/**
 * All datagrams go to this address (`ip:port`) instead of the server's, and none
 * comes from elsewhere.
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
 * Runs in the page: the server is told no address of this page, and learns one only
 * from what comes from there.
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
 * Runs in the page: the server seems to be at an address `ip:port`, or nowhere where that is empty.
 */
function moveServer(address) {
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  // Foundation, component, protocol and priority stand before address and port (RFC
  // 8839 section 5.1).
  const place = /^(a=candidate:\S+ \S+ \S+ \S+) \S+ \S+ /gm;
  const move = (sdp) =>
    address ? sdp.replace(place, `$1 ${address.replace(":", " ")} `) : sdp.replace(/^a=candidate:.*\r\n/gm, "");
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return set.call(this, { type, sdp: move(sdp) });
  };
  RTCPeerConnection.prototype.addIceCandidate = () => Promise.resolve();
}
