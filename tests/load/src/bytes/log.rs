//! The log that a server writes of a session.

use fmz_proto::v1::{AuthorAdded, CommittedBatch, Op, OpBatch, op};

/// Start of the session, in milliseconds since 1970.
const BEGIN_MS: u64 = 1_800_000_000_000;
/// Time between two batches of one author, in milliseconds.
const BATCH_MS: u64 = 33;

/// Makes the log: first the authors, then their batches in turn.
pub(super) fn log(session: &[(u32, Vec<OpBatch>)]) -> Vec<CommittedBatch> {
    let mut log: Vec<CommittedBatch> = Vec::new();
    let mut revision = 1;
    let mut commit = |author, client_seq, ops: Vec<Op>| {
        log.push(CommittedBatch {
            state_hash: 0,
            first_revision: revision,
            author,
            client_seq,
            committed_ms: BEGIN_MS + client_seq * BATCH_MS,
            ops,
        });
        revision = log
            .last()
            .map_or(1, |batch| batch.first_revision + batch.ops.len() as u64);
    };
    for (author, _) in session {
        commit(0, 0, vec![introduce(*author)]);
    }
    let longest = session.iter().map(|(_, batches)| batches.len()).max();
    for turn in 0..longest.unwrap_or(0) {
        for (author, batches) in session {
            if let Some(batch) = batches.get(turn) {
                commit(*author, batch.client_seq, batch.ops.clone());
            }
        }
    }
    log
}

fn introduce(author: u32) -> Op {
    let added = op::Op::AuthorAdded(AuthorAdded {
        author,
        identity: format!("reviewer-{author}@example.org"),
        name: format!("Reviewer {author}"),
        session_key: vec![author as u8; 16].into(),
    });
    Op { op: Some(added) }
}
