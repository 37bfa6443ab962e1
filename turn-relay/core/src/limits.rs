//! Every bound of the relay, with its reason.

use std::time::Duration;

/// Longest user name, bytes: USERNAME is shorter than 509 (RFC 8489 section 14.3).
pub const USERNAME_BYTES_MAX: usize = 508;
/// Longest realm, bytes: it is in every 401, which must be short.
pub const REALM_BYTES_MAX: usize = 128;
/// Secrets tried for one request: the present one, the next, the last, and a spare; each costs two
/// microseconds.
pub const SECRETS_MAX: usize = 4;
/// Users with a lasting password: a lab or a gateway, not a directory.
pub const STATIC_USERS_MAX: usize = 256;
/// Rules of a policy, both lists together: each is checked for every packet outside a channel.
pub const RULES_MAX: usize = 1024;
/// Lifetime of an allocation if no other is asked for (RFC 8656 section 3.2).
pub const LIFETIME_DEFAULT: Duration = Duration::from_secs(600);
/// Longest lifetime given.
pub const LIFETIME_MAX: Duration = Duration::from_secs(3600);
/// Life of a permission (RFC 8656 section 9).
pub const PERMISSION_LIFETIME: Duration = Duration::from_secs(300);
/// Life of a channel binding (RFC 8656 section 12).
pub const CHANNEL_LIFETIME: Duration = Duration::from_secs(600);
/// Time after its expiry for which a channel stays with its peer, and the peer with its channel:
/// packets may still be under way (RFC 8656 section 12).
pub const CHANNEL_HOLD: Duration = Duration::from_secs(300);
/// Life of a nonce: the messages that one nonce signs in an hour reveal little.
pub const NONCE_LIFETIME: Duration = Duration::from_secs(3600);
/// Time for which the second port of a pair is kept (RFC 8656 section 7.2).
pub const RESERVATION_LIFETIME: Duration = Duration::from_secs(30);
/// Ports kept at a time; a request for one more is answered 508.
pub const RESERVATIONS_MAX: usize = 1024;
/// Ports tried until one is free: with nine of ten taken, one request in a thousand finds none.
pub const PORT_PROBES_MAX: usize = 64;
/// Sockets asked for before 508: another program holds a port now and then, not three times in a
/// row.
pub const OPENS_MAX: u8 = 3;
/// Time to open a socket, after which it is given up: the client has sent its request four times by
/// then.
pub const OPEN_TIME_MAX: Duration = Duration::from_secs(5);
/// Answers that wait to be taken: many times a batch of datagrams. Beyond it they are dropped.
pub const TRANSMITS_MAX: usize = 16_384;
/// Events that wait to be taken, beyond which no new allocation is made (508). Allocations under
/// way may add one event each.
pub const EVENTS_MAX: usize = 16_384;
/// Source addresses that are distinguished for unauthenticated answers. More addresses share a
/// place. Nothing is kept for a single address, so a flood from forged addresses costs no memory
/// beyond 1 MiB, and at most this many times the answers of one address.
pub const REPLY_SOURCES: usize = 65_536;
/// Unauthenticated answers to one source at once: twenty clients behind one address that each ask
/// twice.
pub const REPLY_BURST: u32 = 40;
/// Unauthenticated answers a second to all together, with bursts of a quarter of a second. A full
/// relay's clients come back within two seconds, and a flood from forged addresses gets 7 Mbit/s
/// out of a shard.
pub const REPLIES_PER_S: u32 = 10_000;
/// Users remembered as revoked: 200 bytes each, 13 MB. Beyond it the oldest is forgotten.
pub const REVOCATIONS_MAX: usize = 65_536;
/// User-space memory of one allocation with its indexes and all its permissions and channels,
/// bytes.
pub const ALLOCATION_BYTES_MAX: usize = 4096;
/// Largest payload forwarded: with a Data indication's header it still fits a datagram.
pub const PAYLOAD_BYTES_MAX: usize = 65_507 - 48 - 3;
/// Time for which a user without an allocation keeps its used rates: until they would be full
/// again.
pub const USER_LINGER: Duration = Duration::from_secs(5);
/// Users without an allocation that are kept in this way; beyond it the first to leave is
/// forgotten.
pub const USERS_LINGERING_MAX: usize = 16_384;
