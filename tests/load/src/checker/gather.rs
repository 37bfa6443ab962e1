//! Reads the ops of a run back out of a log and out of a snapshot.

use super::{Finding, Place, object_name};
use crate::journal::OpKey;
use crate::writer::{appends, creator};
use fmz_proto::v1::{CommittedBatch, DocumentSnapshot, ObjectState};

/// An op and its place.
#[derive(Debug, Clone, Copy)]
pub(super) struct Record {
    pub(super) key: OpKey,
    pub(super) place: Place,
}

/// Ops that were found, and faults met while reading.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    pub(super) records: Vec<Record>,
    pub(super) findings: Vec<Finding>,
}

/// Returns the ops of every author except the server itself.
pub(super) fn from_log(log: &[CommittedBatch]) -> Gathered {
    let mut gathered = Gathered::default();
    for batch in log.iter().filter(|batch| batch.author > 0) {
        let (author, client_seq) = (batch.author, batch.client_seq);
        gathered
            .records
            .extend((0..batch.ops.len() as u32).map(|index| Record {
                key: OpKey {
                    author,
                    client_seq,
                    index,
                },
                place: Place::Revision(batch.first_revision + u64::from(index)),
            }));
    }
    gathered
}

/// Returns the creates with their revisions, and the appends with their positions.
pub(super) fn from_snapshot(snapshot: &DocumentSnapshot) -> Gathered {
    let mut gathered = Gathered::default();
    for object in &snapshot.objects {
        match records_of(object) {
            Some(records) => gathered.records.extend(records),
            None => gathered.findings.push(Finding::Unreadable {
                object: object_name(object.id),
            }),
        }
    }
    gathered
}

fn records_of(object: &ObjectState) -> Option<Vec<Record>> {
    let stroke = object.id?.counter;
    let place = Place::Revision(object.created_revision);
    let mut records = vec![Record {
        key: creator(object)?,
        place,
    }];
    let places = (0..).map(|position| Place::Append { stroke, position });
    records.extend(
        appends(object)?
            .into_iter()
            .zip(places)
            .map(|(key, place)| Record { key, place }),
    );
    Some(records)
}
