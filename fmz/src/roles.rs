//! The roles of one process.

/// A service that a process may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Signaling,
    Sfu,
    Turn,
}

/// Checks a set of roles. Rooms and forwarding go together; a relay may run with them, or alone at
/// the edge.
pub(crate) fn check(roles: &[Role]) -> Result<(), &'static str> {
    let has = |role| roles.contains(&role);
    match (has(Role::Signaling), has(Role::Sfu), has(Role::Turn)) {
        (true, true, _) | (false, false, true) => Ok(()),
        (false, false, false) => Err("none is given; signaling,sfu or turn or all three may be"),
        _ => Err("signaling and sfu go together"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_that_cannot_work_are_refused() {
        use Role::{Sfu, Signaling, Turn};
        for good in [&[Turn, Sfu, Signaling][..], &[Turn], &[Signaling, Sfu]] {
            assert!(check(good).is_ok(), "{good:?}");
        }
        for bad in [&[][..], &[Sfu], &[Sfu, Turn], &[Signaling]] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
    }
}
