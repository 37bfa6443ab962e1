//! The shared document: operations, order, undo and snapshots.
