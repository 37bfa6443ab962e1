//! What one process is.

use crate::exit::Failure;

/// The services that a process runs. Rooms and forwarding go together; a relay may run alone, at the edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Roles {
    pub(crate) rooms: bool,
    pub(crate) turn: bool,
}

impl Roles {
    pub(crate) const ALL: Self = Self {
        rooms: true,
        turn: true,
    };

    /// Reads a list of `signaling`, `sfu` and `turn`.
    pub(crate) fn read(words: &[String]) -> Result<Self, Failure> {
        let words: Vec<&str> = words.iter().map(|word| word.trim()).collect();
        let known = ["signaling", "sfu", "turn"];
        if let Some(word) = words.iter().find(|word| !known.contains(word)) {
            let why = format!("{word:?} is none of {}", known.join(", "));
            return Err(Failure::setting("roles", why));
        }
        let has = |role| words.contains(&role);
        match (has("signaling"), has("sfu"), has("turn")) {
            (true, true, turn) => Ok(Self { rooms: true, turn }),
            (false, false, true) => Ok(Self {
                rooms: false,
                turn: true,
            }),
            (false, false, false) => Err(Failure::setting("roles", "none is given")),
            _ => Err(Failure::setting("roles", "signaling and sfu go together")),
        }
    }

    /// A relay and nothing else.
    pub(crate) fn edge(self) -> bool {
        self.turn && !self.rooms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<Roles, Failure> {
        Roles::read(
            &words
                .iter()
                .map(|word| (*word).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn roles_that_cannot_work_are_refused() {
        assert_eq!(read(&["turn", "sfu", "signaling"]).unwrap(), Roles::ALL);
        assert!(read(&["turn"]).unwrap().edge());
        assert!(!read(&["signaling", "sfu"]).unwrap().turn);
        for bad in [&[][..], &["sfu"], &["sfu", "turn"], &["relay"]] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
    }
}
