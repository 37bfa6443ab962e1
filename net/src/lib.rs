//! Batched UDP for every service that moves datagrams.
