//! The room as a pure state machine.
