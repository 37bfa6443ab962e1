//! The append of a room that is on its way to the log.

use fmz_proto::EncodedBatch;
use fmz_signaling_core::AppendToken;
use fmz_store::{Answer, AppendError, Head, Lease, OpLog, Records};
use std::{
    future::{pending, ready},
    time::Instant,
};

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
    /// The end of the log then.
    pub(super) head: Head,
    pub(super) bytes: u64,
}

/// The room's end of its log. A room makes one append at a time.
pub(super) struct Appends {
    lease: Lease,
    /// The durable end of the log.
    head: Head,
    on_its_way: Option<(Append, Answer<Result<(), AppendError>>)>,
}

impl Appends {
    pub(super) fn new(lease: Lease, head: Head) -> Self {
        Self {
            lease,
            head,
            on_its_way: None,
        }
    }

    /// Makes records of batches that follow `expected_revision`, and hands them to the log.
    pub(super) fn append(
        &mut self,
        log: &dyn OpLog,
        token: AppendToken,
        expected_revision: u64,
        batches: Vec<EncodedBatch>,
    ) {
        debug_assert!(
            self.on_its_way.is_none(),
            "a room makes one append at a time"
        );
        debug_assert_eq!(expected_revision, self.head.revision);
        let (growth, answer): (_, Answer<_>) = match Records::new(self.head, batches) {
            Ok(records) => {
                let (head, bytes) = (records.head(), records.bytes() as u64);
                (Growth { head, bytes }, log.append(&self.lease, records))
            }
            Err(error) => {
                let head = self.head;
                (Growth { head, bytes: 0 }, Box::pin(ready(Err(error))))
            }
        };
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
        let (append, answer) = (*append, answer.as_mut().await);
        self.on_its_way = None;
        if answer.is_ok() {
            self.head = append.growth.head;
        }
        (append, answer)
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
