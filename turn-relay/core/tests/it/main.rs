//! The relay through its verbs.
