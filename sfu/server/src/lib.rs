//! The forwarding unit on sockets.
