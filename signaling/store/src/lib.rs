//! Durable, ordered storage of rooms and operations.
