//! Bytes read as small choices, so that any bytes are a plan and similar bytes are similar plans.

/// Fuzzed bytes, used up one choice at a time; after their end comes 0.
pub(crate) struct Input<'a>(&'a [u8]);

impl<'a> Input<'a> {
    pub(crate) fn new(data: &'a [u8]) -> Self {
        Self(data)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((&first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        first
    }

    /// Draws a number in `0..end`.
    pub(crate) fn below(&mut self, end: u8) -> u8 {
        self.byte() % end
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.byte() & 1 == 1
    }

    /// Draws a signed number: mostly small, sometimes far out of range.
    pub(crate) fn number(&mut self) -> i32 {
        let small = i32::from(self.byte().cast_signed());
        match self.byte() {
            250..=255 => small.saturating_mul(20_000_000),
            240..=249 => small.saturating_mul(3_000),
            _ => small,
        }
    }

    /// Takes as many bytes as the next byte says; values above 127 stand for eight times as many.
    pub(crate) fn block(&mut self) -> &'a [u8] {
        let wanted = usize::from(self.byte());
        let wanted = if wanted > 127 { wanted * 8 } else { wanted };
        let (block, rest) = self.0.split_at(wanted.min(self.0.len()));
        self.0 = rest;
        block
    }
}
