//! Addresses that no peer on the public internet has.
