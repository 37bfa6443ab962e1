//! What is read back from disk and from a server.

use crate::input::Input;
use fmz_annotation::{Document, Replica};
use fmz_proto::{Message, v1};

/// Any bytes are a document or an error; what is a document gives itself again (snap1, snap2).
pub(crate) fn snapshot(data: &[u8]) {
    let Ok(snapshot) = v1::DocumentSnapshot::decode(data) else {
        return;
    };
    let Ok(document) = Document::from_snapshot(snapshot) else {
        return;
    };
    let again = Document::from_snapshot(document.snapshot()).expect("its own snapshot is good");
    assert_eq!(again, document);
}

/// Any batches are applied whole or not at all, by a document and by a replica alike.
pub(crate) fn committed(data: &[u8]) {
    let Ok(committed) = v1::Committed::decode(data) else {
        return;
    };
    let mut document = Document::new();
    let mut replica = Replica::new();
    let received = replica.receive(&committed);
    for batch in &committed.batches {
        let before = document.clone();
        if document.apply(batch).is_err() {
            assert_eq!(document, before, "a refused batch changes nothing");
            break;
        }
    }
    if received.is_ok_and(|received| received.gap.is_none()) {
        assert!(replica.document().revision() >= document.revision());
    }
}

/// A replica under any calls with any bytes, as a page's own language makes them: it refuses or takes, and its view stays what its
/// document and its pending ops give.
pub(crate) fn replica(data: &[u8]) {
    let mut input = Input::new(data);
    let mut replica = Replica::new();
    while !input.is_empty() {
        call(&mut replica, &mut input);
        let under_way: usize = replica.unacked().iter().map(|batch| batch.ops.len()).sum();
        assert_eq!(replica.pending_count(), replica.queued_count() + under_way);
    }
    let document = Document::from_snapshot(replica.document().snapshot());
    let document = document.expect("its own snapshot is good");
    assert_eq!(document.state_hash(), replica.document().state_hash());
    let _ = replica.objects();
}

fn call(replica: &mut Replica, input: &mut Input<'_>) {
    let kind = input.below(12);
    match kind {
        0 => drop(replica.set_author(input.below(4).into(), input.below(8).into())),
        1 => drop(v1::DocumentSnapshot::decode(input.block()).map(|it| replica.load(it))),
        2 | 3 => drop(v1::Committed::decode(input.block()).map(|it| replica.receive(&it))),
        4 => drop(v1::Committed::decode(input.block()).map(|it| replica.receive_copy(&it))),
        5 | 6 => drop(v1::OpBatch::decode(input.block()).map(|it| replica.submit(&it.ops))),
        7 => drop(replica.take_batch(input.byte().into())),
        8 => drop(replica.take_copies()),
        9 => drop(replica.rejected(input.below(8).into())),
        10 if input.flag() => replica.begin_group(),
        10 => replica.end_group(),
        _ if input.flag() => drop(replica.undo()),
        _ => drop(replica.redo()),
    }
}
