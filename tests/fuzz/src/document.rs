//! What is read back from disk and from a server.

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
