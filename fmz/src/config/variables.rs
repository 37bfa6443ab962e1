//! The environment's part.

use crate::exit::Failure;

/// Every variable that is read; another one that begins with FMZ_ is a slip of the pen.
const VARIABLES: [&str; 41] = [
    "FMZ_ADMIN_LISTEN",
    "FMZ_ALLOWED_ORIGINS",
    "FMZ_AUTO_COMMIT",
    "FMZ_CONFIG",
    "FMZ_CONNECTIONS_PER_SOURCE",
    "FMZ_DATA_DIR",
    "FMZ_LISTEN",
    "FMZ_LOG",
    "FMZ_LOG_FORMAT",
    "FMZ_MEDIA_LISTEN",
    "FMZ_OPS_BURST",
    "FMZ_OPS_PER_S",
    "FMZ_PARTICIPANTS_MAX",
    "FMZ_PROXY_PROTOCOL_FROM",
    "FMZ_PUBLIC_ADDRESSES",
    "FMZ_PUBLIC_URL",
    "FMZ_ROLES",
    "FMZ_ROOM_OPS_BURST",
    "FMZ_ROOM_OPS_PER_S",
    "FMZ_TLS_CERTIFICATE",
    "FMZ_TLS_KEY",
    "FMZ_TLS_SELF_SIGNED",
    "FMZ_TOKEN",
    "FMZ_TURN_ALLOCATIONS_MAX",
    "FMZ_TURN_ALTERNATE",
    "FMZ_TURN_DRAIN",
    "FMZ_TURN_EDGES",
    "FMZ_TURN_EXTERNAL",
    "FMZ_TURN_LISTEN",
    "FMZ_TURN_PEERS",
    "FMZ_TURN_POLICY",
    "FMZ_TURN_REALM",
    "FMZ_TURN_RELAY_ADDRESSES",
    "FMZ_TURN_RELAY_PORTS",
    "FMZ_TURN_SECRETS",
    "FMZ_TURN_SHARDS",
    "FMZ_TURN_TLS_LISTEN",
    "FMZ_TURN_TOTAL_BPS",
    "FMZ_TURN_USER_ALLOCATIONS",
    "FMZ_TURN_USER_BPS",
    "FMZ_TURN_USER_PPS",
];

/// Refuses a variable that looks like one of fmz's and is none.
pub(super) fn check_variables(names: impl Iterator<Item = String>) -> Result<(), Failure> {
    let mut ours = names.filter(|name| name.starts_with("FMZ_"));
    match ours.find(|name| !VARIABLES.contains(&name.as_str())) {
        Some(name) => Err(Failure::setting(
            &name,
            format!(
                "no such setting; the environment may hold {}",
                VARIABLES.join(", ")
            ),
        )),
        None => Ok(()),
    }
}
