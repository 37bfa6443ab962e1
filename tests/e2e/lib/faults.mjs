/** Runs in the page before its own code: keeps its data channels within reach. */
export function keepChannels() {
  window.channels = [];
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (...given) {
    const channel = create.apply(this, given);
    window.channels.push(channel);
    return channel;
  };
}

/** Runs in the page before its own code: as behind a firewall that lets no datagram through, either way. */
export function blockDatagrams() {
  const set = RTCPeerConnection.prototype.setRemoteDescription;
  RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {
    return set.call(this, { type, sdp: sdp.replace(/^a=candidate:.*\r\n/gm, "") });
  };
  RTCPeerConnection.prototype.addIceCandidate = () => Promise.resolve();
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
