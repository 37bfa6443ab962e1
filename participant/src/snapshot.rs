//! A document that arrives in parts.

use crate::ProtocolError;
use crate::limits::SNAPSHOT_BYTES_MAX;
use bytes::BytesMut;
use fmz_proto::{Message, v1};

#[derive(Debug, Default)]
pub(crate) struct Parts {
    bytes: BytesMut,
}

impl Parts {
    pub(crate) fn clear(&mut self) {
        self.bytes = BytesMut::new();
    }

    /// Adds a part; returns the whole snapshot with the last part.
    ///
    /// # Errors
    /// [`ProtocolError`] if the parts are too large or are no snapshot; then no part is kept.
    pub(crate) fn push(
        &mut self,
        part: &v1::Snapshot,
    ) -> Result<Option<v1::DocumentSnapshot>, ProtocolError> {
        if self.bytes.len() + part.part.len() > SNAPSHOT_BYTES_MAX {
            self.clear();
            return Err(ProtocolError::SnapshotTooLarge);
        }
        self.bytes.extend_from_slice(&part.part);
        if !part.last {
            return Ok(None);
        }
        let whole = std::mem::take(&mut self.bytes).freeze();
        let snapshot = v1::DocumentSnapshot::decode(whole);
        snapshot
            .map(Some)
            .map_err(|_| ProtocolError::SnapshotMalformed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn client7_parts_over_the_bound_are_refused_and_forgotten() {
        let part = |bytes: usize| v1::Snapshot {
            revision: 1,
            part: vec![0; bytes].into(),
            last: false,
        };
        let mut parts = Parts::default();
        assert_eq!(parts.push(&part(SNAPSHOT_BYTES_MAX)), Ok(None));
        let over = parts.push(&part(1));
        assert_eq!(over, Err(ProtocolError::SnapshotTooLarge));
        let empty = v1::Snapshot {
            last: true,
            ..v1::Snapshot::default()
        };
        assert_eq!(
            parts.push(&empty),
            Ok(Some(v1::DocumentSnapshot::default()))
        );
    }
}
