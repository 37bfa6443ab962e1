//! Kills the server again and again while many people write, and proves that no acknowledged op was
//! lost or doubled.

mod author;
mod observer;
mod plan;
mod stage;

use crate::checker::{Evidence, Finding, check};
use crate::journal::Journal;
use crate::report::{Delays, figure, progress};
use crate::server::{Server, Site, data_folder, log_path};
use crate::session::{Event, Join, Session};
use anyhow::{Context, Result, bail};
use author::Author;
use fmz_proto::v1::{CommittedBatch, DocumentSnapshot};
use observer::Observer;
use plan::{Moment, Plan};
use stage::{Note, Stage};
use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Notes of authors and observer that wait to be read. If the queue is full, they wait, and the run
/// only gets slower.
const NOTES_MAX: usize = 4096;
/// Time without any event after which a run has failed.
const STALL_MAX: Duration = Duration::from_secs(120);
/// Findings that are printed. One fault makes many.
const FINDINGS_SHOWN_MAX: usize = 20;
const ROOM: &str = "durability";

/// Options of the run.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, value_name = "FILE", default_value = "target/debug/fmz")]
    fmz: PathBuf,
    /// How often the server is killed.
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..))]
    cycles: u32,
    /// Ops a second of all authors together.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    /// Authors; every second one has a data channel, the others write over the WebSocket.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=200))]
    authors: u32,
    /// Decides what is written and when the server is killed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Folder in which the data folder is made [default: the system's for temporary files].
    #[arg(long, value_name = "FOLDER")]
    data_root: Option<PathBuf>,
}

/// Runs all cycles. Returns true if nothing was found.
pub(crate) async fn run(options: &Options) -> Result<bool> {
    let folder = data_folder(options.data_root.as_deref())?;
    let site = Site {
        fmz: options.fmz.clone(),
        data: folder.path().join("data"),
    };
    let outcome = Run::begin(options, site.clone())
        .await?
        .into_verdict()
        .await;
    if !matches!(outcome, Ok(true)) {
        progress(&format!(
            "data folder kept: {}, log: {}",
            folder.keep().display(),
            log_path(&site.data).display()
        ));
    }
    outcome
}

/// A run under way.
struct Run {
    site: Site,
    plan: Plan,
    cycles: u32,
    authors: u32,
    token: String,
    listen: Option<String>,
    stage: watch::Sender<Stage>,
    notes: mpsc::Receiver<Note>,
    journal: Journal,
    log: Vec<CommittedBatch>,
    bridged: Vec<RangeInclusive<u64>>,
    sent_again: u64,
    restarts: Delays,
    resumes: Delays,
}

impl Run {
    async fn begin(options: &Options, site: Site) -> Result<Self> {
        let server = site.start(None).await?;
        site.create_room(&server, ROOM).await?;
        let listen = Some(server.address.clone());
        server.kill().await?;
        let writing = site.token(ROOM, "view,annotate").await?;
        let viewing = site.token(ROOM, "view").await?;
        let (stage, stages) = watch::channel(Stage::Down);
        let (tell, notes) = mpsc::channel(NOTES_MAX);
        let plan = Plan::new(options.seed);
        for number in 0..options.authors {
            let author = Author::new(number, options, writing.clone());
            tokio::spawn(author.run(stages.clone(), tell.clone()));
        }
        tokio::spawn(Observer::new(viewing.clone()).run(stages, tell));
        Ok(Self {
            site,
            plan,
            cycles: options.cycles,
            authors: options.authors,
            token: viewing,
            listen,
            stage,
            notes,
            journal: Journal::default(),
            log: Vec::new(),
            bridged: Vec::new(),
            sent_again: 0,
            restarts: Delays::new(),
            resumes: Delays::new(),
        })
    }

    async fn into_verdict(mut self) -> Result<bool> {
        for cycle in 1..=self.cycles {
            let moment = self.plan.next();
            let acknowledged = self
                .cycle(moment)
                .await
                .with_context(|| format!("cycle {cycle}"))?;
            progress(&format!(
                "cycle {cycle}/{}: killed after {acknowledged} acknowledged ops",
                self.cycles
            ));
        }
        self.finish().await.context("get the rest acknowledged")?;
        let snapshot = self.read_back().await.context("read everything back")?;
        Ok(self.judge(snapshot))
    }

    /// Starts the server, lets the authors write until the moment has come, and kills it.
    async fn cycle(&mut self, moment: Moment) -> Result<u64> {
        let server = self.start().await?;
        let up = Instant::now();
        self.stage.send_replace(Stage::Writing {
            url: server.ws_url(),
        });
        let acknowledged = self.write_until(moment, up).await?;
        self.end(server).await?;
        Ok(acknowledged)
    }

    async fn start(&mut self) -> Result<Server> {
        let begin = Instant::now();
        let server = self.site.start(self.listen.as_deref()).await?;
        self.restarts.record(begin.elapsed());
        self.listen = Some(server.address.clone());
        Ok(server)
    }

    /// Waits for the moment of the kill. By then every author has been acknowledged on its own
    /// path, so that each kill meets both paths.
    async fn write_until(&mut self, moment: Moment, up: Instant) -> Result<u64> {
        let mut steady = HashSet::new();
        let mut resumed = HashSet::new();
        let mut acknowledged = 0;
        loop {
            let ripe =
                acknowledged >= moment.acknowledged() && steady.len() == self.authors as usize;
            match self.note().await? {
                Note::Acknowledged {
                    author,
                    ops,
                    steady: on_its_path,
                    ..
                } => {
                    acknowledged += u64::from(ops);
                    if resumed.insert(author) {
                        self.resumes.record(up.elapsed());
                    }
                    if on_its_path {
                        steady.insert(author);
                    }
                    if ripe && matches!(moment, Moment::AfterAcknowledged(_)) {
                        return Ok(acknowledged);
                    }
                }
                Note::Submitted { .. } if ripe && matches!(moment, Moment::AfterSubmitted(_)) => {
                    return Ok(acknowledged);
                }
                _ => {}
            }
        }
    }

    async fn end(&mut self, server: Server) -> Result<()> {
        server.kill().await?;
        self.stage.send_replace(Stage::Down);
        let mut parted = 0;
        while parted <= self.authors {
            if matches!(self.note().await?, Note::Parted) {
                parted += 1;
            }
        }
        Ok(())
    }

    async fn finish(&mut self) -> Result<()> {
        let server = self.start().await?;
        self.stage.send_replace(Stage::Finishing {
            url: server.ws_url(),
        });
        let mut finished = HashSet::new();
        while finished.len() < self.authors as usize {
            if let Note::Finished { author } = self.note().await? {
                finished.insert(author);
            }
        }
        self.end(server).await
    }

    /// Returns the snapshot that a new reader gets from a server that was killed once more.
    async fn read_back(&mut self) -> Result<DocumentSnapshot> {
        let server = self.start().await?;
        let join = Join {
            url: server.ws_url(),
            token: self.token.clone(),
            session_key: [0xff; 16],
            revision: 0,
            transport: false,
        };
        let (mut session, _) = Session::join(&join).await?;
        let snapshot = tokio::time::timeout(STALL_MAX, first_snapshot(&mut session)).await??;
        let shown = self.shown();
        if shown < snapshot.revision {
            self.bridged.push(shown + 1..=snapshot.revision);
        }
        Ok(snapshot)
    }

    /// Returns the last revision that the observer was given.
    fn shown(&self) -> u64 {
        let log = self
            .log
            .last()
            .map_or(0, |batch| batch.first_revision + batch.ops.len() as u64 - 1);
        self.bridged
            .last()
            .map_or(log, |range| log.max(*range.end()))
    }

    /// Reads the next note, and records it in journal and evidence.
    async fn note(&mut self) -> Result<Note> {
        let note = tokio::time::timeout(STALL_MAX, self.notes.recv())
            .await
            .context("nothing happens any more")?;
        let note = note.context("all tasks ended")?;
        match &note {
            Note::Submitted { author, batch } => self.journal.submitted(*author, batch.clone()),
            Note::Acknowledged {
                author,
                client_seq,
                first_revision,
                ..
            } => {
                self.journal
                    .acknowledged(*author, *client_seq, *first_revision);
            }
            Note::Stored { author, client_seq } => self.journal.stored(*author, *client_seq),
            Note::Shown(batch) => self.log.push(batch.clone()),
            Note::Bridged(range) => self.bridged.push(range.clone()),
            Note::Failed(error) => bail!("{error:#}"),
            Note::SentAgain { ops } => self.sent_again += ops,
            Note::Finished { .. } | Note::Parted => {}
        }
        Ok(note)
    }

    fn judge(self, snapshot: DocumentSnapshot) -> bool {
        let evidence = Evidence {
            log: self.log,
            bridged: self.bridged,
            snapshot,
        };
        let findings = check(&self.journal, &evidence);
        let count = |wanted: fn(&Finding) -> bool| {
            findings.iter().filter(|finding| wanted(finding)).count() as f64
        };
        let tally = self.journal.tally();
        figure("durability_kills", f64::from(self.cycles) + 1.0, "kills");
        figure("durability_ops_submitted", tally.submitted as f64, "ops");
        figure(
            "durability_ops_acknowledged",
            tally.acknowledged as f64,
            "ops",
        );
        figure("durability_ops_sent_again", self.sent_again as f64, "ops");
        figure(
            "durability_ops_lost",
            count(|finding| matches!(finding, Finding::Lost { .. })),
            "ops",
        );
        figure(
            "durability_ops_doubled",
            count(|finding| matches!(finding, Finding::Doubled { .. })),
            "ops",
        );
        figure("durability_findings", findings.len() as f64, "findings");
        figure(
            "durability_restart_p95_ms",
            self.restarts.percentile_ms(95.0),
            "ms",
        );
        figure(
            "durability_resume_p95_ms",
            self.resumes.percentile_ms(95.0),
            "ms",
        );
        findings
            .iter()
            .take(FINDINGS_SHOWN_MAX)
            .for_each(|finding| progress(&finding.to_string()));
        findings.is_empty()
    }
}

async fn first_snapshot(session: &mut Session) -> Result<DocumentSnapshot> {
    loop {
        if let Event::Snapshot(snapshot) = session.next().await? {
            return Ok(snapshot);
        }
    }
}
