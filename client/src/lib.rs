//! A participant in Rust: joins a room, publishes, annotates.
