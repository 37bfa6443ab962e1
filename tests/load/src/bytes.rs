//! Bytes that drawing costs: as sent, as kept, and as JSON would take; and the document's times for
//! them.
//!
//! The document engine is linked in, because this benchmark measures it. Nothing listens and
//! nothing is written; all figures except times are the same on every machine.

mod json;
mod log;
mod session;

use crate::report::{figure, progress};
use crate::strokes::{RATES, corpus};
use anyhow::{Context, Result};
use fmz_annotation::Document;
use fmz_proto::Message;
use fmz_proto::points::Delta;
use fmz_proto::v1::client_message::Message as ToServer;
use fmz_proto::v1::server_message::Message as FromServer;
use fmz_proto::v1::{
    Committed, CommittedBatch, DocumentSnapshot, Op, OpBatch, StrokePoints, op, stroke_points,
};
use std::time::{Duration, Instant};

/// Time for each measurement of a duration.
const MEASURE_TIME: Duration = Duration::from_secs(1);
/// Bounds of the classes of messages, in bytes, by which compression is examined.
const SIZES: [usize; 6] = [64, 128, 256, 512, 1024, 4096];

/// Prints the figures.
pub(crate) fn run() -> Result<()> {
    progress("bytes: strokes");
    let all = Strokes::of(&RATES)?;
    all.print("");
    for rate in RATES {
        Strokes::of(&[rate])?.print(&format!("_{rate}hz"));
    }
    progress("bytes: a typical session");
    let session = session::session();
    wire(&session);
    let log = log::log(&session);
    saved(&log);
    document(&log)?;
    longest_stroke()
}

/// Bytes of the corpus.
#[derive(Debug, Default)]
struct Strokes {
    samples: usize,
    live: usize,
    framed: usize,
    finished: usize,
    objects: usize,
}

impl Strokes {
    fn of(rates: &[u32]) -> Result<Self> {
        let mut sum = Self::default();
        let mut batches = Vec::new();
        for file in corpus().iter().filter(|file| rates.contains(&file.rate)) {
            sum.samples += file.samples();
            for stroke in &file.strokes {
                batches.extend(session::stroke(1, file.rate, stroke, &batches));
            }
        }
        for batch in &batches {
            sum.framed += fmz_proto::encode_client(ToServer::Ops(batch.clone())).len();
            sum.live += batch.ops.iter().map(live_bytes).sum::<usize>();
        }
        let snapshot = snapshot(&log::log(&[(1, batches)]))?;
        for object in &snapshot.objects {
            sum.finished += object.points.as_ref().map_or(0, payload);
            sum.objects += object.encoded_len();
        }
        Ok(sum)
    }

    fn print(&self, suffix: &str) {
        let per_point = |name: &str, bytes: usize| {
            let value = bytes as f64 / self.samples as f64;
            figure(&format!("bytes_per_point_{name}{suffix}"), value, "B");
        };
        per_point("live", self.live);
        per_point("live_framed", self.framed);
        per_point("finished", self.finished);
        per_point("finished_object", self.objects);
    }
}

fn live_bytes(op: &Op) -> usize {
    match &op.op {
        Some(op::Op::StrokeAppend(append)) => append.points.as_ref().map_or(0, payload),
        _ => 0,
    }
}

fn payload(points: &StrokePoints) -> usize {
    match &points.deltas {
        Some(stroke_points::Deltas::Plain(bytes) | stroke_points::Deltas::Pressed(bytes)) => {
            bytes.len()
        }
        None => 0,
    }
}

fn snapshot(log: &[CommittedBatch]) -> Result<DocumentSnapshot> {
    let mut document = Document::new();
    for batch in log {
        document.apply(batch).context("apply the session")?;
    }
    Ok(document.snapshot())
}

/// Prints the bytes of a session's batches and of the server's commits, and their size as JSON.
fn wire(session: &[(u32, Vec<OpBatch>)]) {
    let mut json = json::Json::default();
    let batches: Vec<&OpBatch> = session.iter().flat_map(|(_, batches)| batches).collect();
    let ops = batches.iter().flat_map(|batch| &batch.ops);
    // In the list of a batch, each op is followed by a comma.
    let plain: usize = ops.map(|op| json.op(op).len() + 1).sum();
    let frame = |batch: &&OpBatch| fmz_proto::encode_client(ToServer::Ops((*batch).clone()));
    let up: usize = batches.iter().map(|batch| frame(batch).len()).sum();
    let log = log::log(session);
    let ticks = log[session.len()..].chunks(session.len());
    let down: usize = ticks.map(|tick| frame_of(tick).len()).sum();
    let per_kb = |bytes: usize| bytes as f64 * 1000.0 / plain as f64;
    figure("wire_bytes_per_typical_kb", per_kb(up), "B");
    figure("wire_bytes_per_typical_kb_down", per_kb(down), "B");
}

fn frame_of(batches: &[CommittedBatch]) -> bytes::Bytes {
    fmz_proto::encode_server(FromServer::Committed(committed(batches)))
}

fn committed(batches: &[CommittedBatch]) -> Committed {
    Committed {
        batches: batches.to_vec(),
    }
}

/// Prints how much compression saves on the server's messages, by their size.
fn saved(log: &[CommittedBatch]) {
    for (from, to) in SIZES.into_iter().zip(SIZES.into_iter().skip(1)) {
        let (mut plain, mut framed) = (0, 0);
        for count in 1..=64 {
            for batches in log.chunks_exact(count).take(100) {
                let length = committed(batches).encoded_len();
                if (from..to).contains(&length) {
                    plain += length;
                    framed += frame_of(batches).len();
                }
            }
        }
        let percent = 100.0 * (1.0 - framed as f64 / plain.max(1) as f64);
        figure(&format!("snappy_saved_{from}_to_{to}"), percent, "%");
    }
}

fn document(log: &[CommittedBatch]) -> Result<()> {
    let snapshot = snapshot(log)?;
    let bytes = snapshot.encoded_len() as f64 / snapshot.objects.len() as f64;
    figure("document_bytes_per_object", bytes, "B");
    let ops: usize = log.iter().map(|batch| batch.ops.len()).sum();
    let apply = fastest(|| {
        let mut document = Document::new();
        log.iter().try_for_each(|batch| document.apply(batch))
    })?;
    figure(
        "apply_ns_per_op",
        apply.as_nanos() as f64 / ops as f64,
        "ns",
    );
    Ok(())
}

/// Times the shape that is slowest to simplify, a spiral, with the most points that a stroke may
/// have.
fn longest_stroke() -> Result<()> {
    let log = log::log(&[(1, session::of_deltas(&spiral()))]);
    let (end, before) = log.split_last().context("a stroke has an end")?;
    let mut document = Document::new();
    before.iter().try_for_each(|batch| document.apply(batch))?;
    let mut copies = document.clone();
    let took = fastest(|| {
        copies.clone_from(&document);
        copies.apply(end)
    })?;
    figure("longest_stroke_end_ms", took.as_secs_f64() * 1000.0, "ms");
    Ok(())
}

fn spiral() -> Vec<Delta> {
    let (turn, grow) = (0.01_f64, 1.0002_f64);
    let place = |n: i32| {
        let radius = 5.0 * grow.powi(n);
        let (sin, cos) = (turn * f64::from(n)).sin_cos();
        ((radius * cos) as i32, (radius * sin) as i32)
    };
    let deltas = (1..=fmz_proto::limits::STROKE_POINTS_MAX as i32).map(|n| {
        let (from, to) = (place(n - 1), place(n));
        Delta {
            x: to.0 - from.0,
            y: to.1 - from.1,
            pressure: 0,
        }
    });
    deltas.collect()
}

/// Returns the shortest time that `work` took.
fn fastest<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<Duration, E> {
    let begin = Instant::now();
    let mut fastest = Duration::MAX;
    while begin.elapsed() < MEASURE_TIME {
        let start = Instant::now();
        work()?;
        fastest = fastest.min(start.elapsed());
    }
    Ok(fastest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use fmz_proto::v1::ObjectId;

    #[test]
    fn points_cost_what_was_promised() {
        let Strokes {
            samples,
            live,
            finished,
            ..
        } = Strokes::of(&RATES).expect("the corpus fits a document");
        assert!(
            live as f64 <= 3.5 * samples as f64,
            "{live} B, {samples} points"
        );
        assert!(
            finished as f64 <= 2.0 * samples as f64,
            "{finished} B, {samples} points"
        );
    }

    #[test]
    fn the_session_is_one_that_a_server_takes() {
        for (_, batches) in session::session() {
            for batch in &batches {
                assert_eq!(fmz_proto::validate_batch(batch), Ok(()));
            }
        }
    }

    #[test]
    fn json_has_whole_coordinates_and_no_spaces() {
        let id = ObjectId {
            author: 1,
            counter: 2,
        };
        let mut json = json::Json::default();
        let texts: Vec<String> = session::appends(id, 60, &[(10, 20, 30), (11, 19, 31)])
            .map(|op| json.op(&Op { op: Some(op) }))
            .collect();
        let append = |point: &str| {
            format!(r#"{{"strokeAppend":{{"id":{{"author":1,"counter":2}},"points":[{point}]}}}}"#)
        };
        let points = [
            r#"{"x":10,"y":20,"pressure":30}"#,
            r#"{"x":11,"y":19,"pressure":31}"#,
        ];
        assert_eq!(texts, points.map(append));
    }
}
