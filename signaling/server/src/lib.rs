//! Rooms over WebSocket and REST.
