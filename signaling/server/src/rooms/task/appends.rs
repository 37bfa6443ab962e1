//! The append of a room that is on its way to the log.

use fmz_proto::EncodedBatch;
use fmz_signaling_core::AppendToken;
use fmz_store::{Answer, AppendError};
use std::{future::pending, time::Instant};

/// An append that the log has not answered, or has just answered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Append {
    pub(super) token: AppendToken,
    pub(super) begun: Instant,
    pub(super) growth: Growth,
}

/// The part that an append adds to the log.
#[derive(Debug, Clone, Copy)]
pub(super) struct Growth {
    /// Last revision of the log then.
    pub(super) revision: u64,
    pub(super) bytes: u64,
}

impl Growth {
    pub(super) fn of(batches: &[EncodedBatch]) -> Self {
        Self {
            revision: batches.last().map_or(0, EncodedBatch::last_revision),
            bytes: batches.iter().map(|batch| batch.bytes().len() as u64).sum(),
        }
    }
}

/// The append on its way, if any: a room makes one at a time.
#[derive(Default)]
pub(super) struct Appends {
    on_its_way: Option<(Append, Answer<Result<(), AppendError>>)>,
}

impl Appends {
    /// Takes note of an append that has begun, and of the log's answer to come.
    pub(super) fn begin(
        &mut self,
        token: AppendToken,
        growth: Growth,
        answer: Answer<Result<(), AppendError>>,
    ) {
        debug_assert!(
            self.on_its_way.is_none(),
            "a room makes one append at a time"
        );
        let append = Append {
            token,
            begun: Instant::now(),
            growth,
        };
        self.on_its_way = Some((append, answer));
    }

    /// Waits for the log's answer; for ever if no append is on its way. The answer is not lost if
    /// the caller stops waiting.
    pub(super) async fn answered(&mut self) -> (Append, Result<(), AppendError>) {
        let Some((append, answer)) = &mut self.on_its_way else {
            return pending().await;
        };
        let answered = (*append, answer.as_mut().await);
        self.on_its_way = None;
        answered
    }

    /// Waits until no append is on its way.
    pub(super) async fn finish(&mut self) {
        if self.on_its_way.is_some() {
            // The room is closed, so nobody asks for the answer. If the append became durable, the
            // room finds it in the log when it is opened again.
            let _ = self.answered().await;
        }
    }
}
