//! Targets of the document: bytes read back from disk, and bytes from a server.

use crate::input::Input;
use fmz_annotation::{Document, ObjectId, Replica};
use fmz_proto::{Message, v1};

/// Reads any bytes as a document or an error; a document must come back from its own snapshot
/// (snap1, snap2).
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

/// Applies any batches, each whole or not at all, to a document and a replica alike.
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

/// Calls a replica in any order with any bytes, as a page's language may. It must refuse or accept,
/// and its view must stay the result of its document and its pending ops.
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
    // Later kinds took the last values, so that all lower ones keep their meaning in the corpus.
    let kind = match input.byte() {
        last @ 253.. => last,
        other => other % 12,
    };
    match kind {
        253 => restamp(replica, input),
        254 => drop(id(input).map(|id| replica.hold(id))),
        255 => drop(id(input).map(|id| replica.release(id))),
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

/// Corrects a stamp. That may change only ops that have not left, and only if the server would
/// accept the stamp.
fn restamp(replica: &mut Replica, input: &mut Input<'_>) {
    let (Some(id), Ok(stamp)) = (id(input), v1::FrameStamp::decode(input.block())) else {
        return;
    };
    let (before, under_way) = (replica.pending_ops(), replica.unacked());
    let shown = |replica: &Replica| {
        let object = replica.object(id);
        object.map(|object| v1::FrameStamp::from(object.frame()))
    };
    let old = shown(replica);
    let done = replica.restamp(id, &stamp);
    assert_eq!(replica.unacked(), under_way, "what has left stays");
    // If an object with this id was committed meanwhile, the view shows that one.
    let new = done && replica.document().object(id).is_none();
    assert_eq!(shown(replica), if new { Some(stamp) } else { old });
    assert!(done || replica.pending_ops() == before);
}

fn id(input: &mut Input<'_>) -> Option<ObjectId> {
    ObjectId::new(input.below(4).into(), input.below(8).into())
}
