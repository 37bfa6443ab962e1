//! The steps of a run, as a hash that two runs of one seed share, and as lines for people.

use crate::agenda::Micros;

/// FNV-1a, 64 bits: the same on every machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fnv(u64);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }

    pub(crate) fn bytes(mut self, bytes: &[u8]) -> Self {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
        self
    }

    pub(crate) fn number(self, number: u64) -> Self {
        self.bytes(&number.to_le_bytes())
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}

#[derive(Debug)]
pub(crate) struct Trace {
    hash: Fnv,
    loud: bool,
}

impl Trace {
    pub(crate) fn new(loud: bool) -> Self {
        Self {
            hash: Fnv::new(),
            loud,
        }
    }

    /// Notes one step.
    pub(crate) fn note(&mut self, at: Micros, word: &str, about: u64, detail: u64) {
        self.hash = (self.hash.number(at).bytes(word.as_bytes()))
            .number(about)
            .number(detail);
        if self.loud {
            self.say(at, format_args!("{word} {about} {detail:x}"));
        }
    }

    /// Prints a line if the run is loud.
    #[allow(clippy::print_stdout, reason = "a trace is asked for to be read")]
    pub(crate) fn say(&self, at: Micros, what: std::fmt::Arguments<'_>) {
        if self.loud {
            println!("{:>12.3} ms  {what}", at as f64 / 1000.0);
        }
    }

    pub(crate) fn hash(&self) -> u64 {
        self.hash.value()
    }
}
