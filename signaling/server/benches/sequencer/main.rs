//! How many ops one core puts in order: decoded, checked, numbered, packed for everyone;
//! and made durable as well.
//!
//! The shell's part is played here on a clock moved by hand, so that a disk that waits costs no
//! time, only what it takes of the processor. Sockets are not in it. Prints `name value unit`.

mod cpu;
mod pens;

use fmz_annotation::{Document, Ops};
use fmz_proto::{EncodedBatch, FromClient, v1::Grants};
use fmz_signaling_core::{AppendToken, Effect, Join, Path, Room, RoomInfo, SessionId, read_client};
use fmz_store::{Disk, OpLog, OpenedLog, Records};
use std::time::{Duration, Instant};

/// Everyone who fits into a room, all drawing.
const AUTHORS: u32 = 500;
/// Drawn before the measurement, and in it; seconds of the room's time.
const WARM_UP_S: u64 = 2;
const MEASURED_S: u64 = 10;
/// Time that an append takes: about that of a disk in a data centre.
const APPEND_TIME: Duration = Duration::from_millis(4);
const VIDEO: &str = "bench";

type Failure = Box<dyn std::error::Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Failure> {
    figure("ops_sequenced_per_core_s", Bench::new(None)?.run().await?);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let disk = Disk::open(folder.path().join("log"))?;
    let log = disk.open(VIDEO).await?;
    figure(
        "ops_durable_per_core_s",
        Bench::new(Some((disk, log)))?.run().await?,
    );
    Ok(())
}

#[allow(
    clippy::print_stdout,
    reason = "the figures are what the program is for"
)]
fn figure(name: &str, value: f64) {
    println!("{name} {value:.0} ops/s");
}

struct Append {
    due: Instant,
    token: AppendToken,
    expected: u64,
    batches: Vec<EncodedBatch>,
}

struct Bench {
    room: Room,
    begun: Instant,
    disk: Option<(Disk, OpenedLog)>,
    append: Option<Append>,
    handed_out: u64,
}

impl Bench {
    fn new(disk: Option<(Disk, OpenedLog)>) -> Result<Self, Failure> {
        let begun = Instant::now();
        let info = RoomInfo {
            room: VIDEO.into(),
            ..RoomInfo::default()
        };
        Ok(Self {
            room: Room::new(info, Document::new(), 1_000_000, begun),
            begun,
            disk,
            append: None,
            handed_out: 0,
        })
    }

    /// Returns ops a second of one core.
    async fn run(mut self) -> Result<f64, Failure> {
        for session in 1..=AUTHORS {
            self.room
                .handle_joined(join(session, self.begun), self.begun);
            self.perform(self.begun);
        }
        self.settle(self.begun + Duration::from_secs(1)).await?;
        let mut pens = pens::Pens::new(&self.room, AUTHORS);
        let frames = pens.frames(Duration::from_secs(WARM_UP_S + MEASURED_S));
        let begun = self.begun + Duration::from_secs(1);
        let measured = begun + Duration::from_secs(WARM_UP_S);
        let mut before = None;
        for (at, session, frame) in frames {
            let now = begun + at;
            if now >= measured && before.is_none() {
                before = Some((self.handed_out, cpu::of_this_process()?));
            }
            self.settle(now).await?;
            let message = read_client(&frame)?;
            self.take(session, message, now);
        }
        let (ops, spent) = before.ok_or("nothing was measured")?;
        let spent = cpu::of_this_process()?.saturating_sub(spent);
        Ok((self.handed_out - ops) as f64 / spent.as_secs_f64())
    }

    fn take(&mut self, session: SessionId, message: FromClient<Ops>, now: Instant) {
        self.room.handle_message(session, message, Path::Ops, now);
        self.perform(now);
    }

    /// Does what is due until `now`, in order.
    async fn settle(&mut self, now: Instant) -> Result<(), Failure> {
        loop {
            let append = self.append.as_ref().map(|append| append.due);
            let due = append.into_iter().chain(self.room.poll_timeout(now)).min();
            let Some(due) = due.filter(|due| *due <= now) else {
                return Ok(());
            };
            if append == Some(due) {
                self.land(due).await?;
            } else {
                self.room.handle_timeout(due);
            }
            self.perform(due);
        }
    }

    async fn land(&mut self, now: Instant) -> Result<(), Failure> {
        let Some(append) = self.append.take() else {
            return Ok(());
        };
        if let Some((disk, log)) = &mut self.disk {
            assert_eq!(log.head.revision, append.expected, "one writer");
            let records = Records::new(log.head, append.batches)?;
            log.head = records.head();
            disk.append(&log.lease, records).await?;
        }
        self.room
            .handle_appended::<String>(append.token, Ok(()), now);
        Ok(())
    }

    fn perform(&mut self, now: Instant) {
        while let Some(effect) = self.room.poll_effect() {
            match effect {
                Effect::Append {
                    token,
                    expected_revision,
                    batches,
                } => {
                    self.append = Some(Append {
                        due: now + APPEND_TIME,
                        token,
                        expected: expected_revision,
                        batches,
                    });
                }
                Effect::HandedOut { ops, .. } => self.handed_out += ops,
                Effect::Close { session, reason } => {
                    panic!("{session:?} was closed: {}", reason.text())
                }
                other => drop(std::hint::black_box(other)),
            }
        }
    }
}

fn identity(session: u32) -> String {
    format!("author-{session}")
}

fn join(session: u32, now: Instant) -> Join {
    let mut key = [0; 16];
    key[..4].copy_from_slice(&session.to_be_bytes());
    Join {
        session: SessionId(session),
        subject: identity(session),
        name: format!("Author {session}"),
        grants: Grants {
            view: true,
            annotate: true,
            ..Grants::default()
        },
        machine: false,
        expires: now + Duration::from_secs(3600),
        session_key: bytes::Bytes::copy_from_slice(&key),
        revision: 0,
        transport: false,
    }
}
