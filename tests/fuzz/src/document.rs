//! What is read back from disk and from a server.

use crate::input::Input;
use fmz_annotation::{Document, ObjectId, Replica};
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

/// A replica under any calls with any bytes, as a page's own language makes them: it refuses or
/// takes, and its view stays what its document and its pending ops give.
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
    // The last bytes, so that those before them mean in the corpus what they meant.
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

/// A stamp changes only what waits, and only if the server would take it.
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
    // Where the same object was committed meanwhile, that one is seen.
    let new = done && replica.document().object(id).is_none();
    assert_eq!(shown(replica), if new { Some(stamp) } else { old });
    assert!(done || replica.pending_ops() == before);
}

fn id(input: &mut Input<'_>) -> Option<ObjectId> {
    ObjectId::new(input.below(4).into(), input.below(8).into())
}
