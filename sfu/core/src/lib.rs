//! The forwarding unit as a pure state machine.
