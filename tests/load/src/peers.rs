//! Cost to the server of a delivered op: fmz and other engines under the same load.

mod children;

use crate::crowd::{self, Cost};
use crate::people::{Part, People};
use crate::report::{figure, progress};
use crate::server::{Site, data_folder};
use crate::session::Join;
use anyhow::{Context, Result, ensure};
use children::{Clients, NodeServer, Replicas};
use std::path::PathBuf;

/// Engines with which fmz is compared, by the names of their modules in the folder.
const ENGINES: [&str; 3] = ["y-websocket", "hocuspocus", "sharedb"];
const ROOM: &str = "peers";

/// Options of the comparison.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Options {
    /// The server's binary.
    #[arg(long, value_name = "FILE", default_value = "target/release/fmz")]
    fmz: PathBuf,
    /// Folder of the other engines, with its packages installed.
    #[arg(long, value_name = "FOLDER", default_value = "tests/load/peers")]
    folder: PathBuf,
    /// People in the room.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u64).range(2..=400))]
    clients: u64,
    /// People who draw in the lighter comparison; in the other, all draw.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=400))]
    drawing: u64,
    /// Length of each measurement.
    #[arg(long, default_value_t = 8, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// Folder in which the data folder is made [default: the system's for temporary files].
    #[arg(long, value_name = "FOLDER")]
    data_root: Option<PathBuf>,
}

/// Runs the comparison and prints its figures.
pub(crate) async fn run(options: &Options) -> Result<()> {
    ensure!(
        options.drawing <= options.clients,
        "more people draw than there are"
    );
    figure("peers_clients", options.clients as f64, "clients");
    figure("peers_drawing", options.drawing as f64, "clients");
    let all = Options {
        drawing: options.clients,
        ..options.clone()
    };
    let light = fmz(options, "fmz", false).await?;
    fmz(options, "fmz_channels", true).await?;
    let full = fmz(&all, "fmz_full", false).await?;
    for engine in ENGINES {
        let name = engine.replace('-', "_");
        let theirs = other(options, engine, Replicas::All, &name).await?;
        compare(&format!("vs_{name}_light"), &theirs, &light);
        match other(&all, engine, Replicas::Few, &format!("{name}_full")).await {
            Ok(theirs) => compare(&format!("vs_{name}"), &theirs, &full),
            Err(error) => progress(&format!(
                "peers: no figure of {engine}, all drawing: {error:#}"
            )),
        }
    }
    Ok(())
}

fn compare(name: &str, theirs: &Cost, ours: &Cost) {
    let ratio = theirs.us_per_delivered() / ours.us_per_delivered();
    figure(&format!("{name}_ratio"), ratio, "times");
}

/// Measures fmz as it is shipped: every op is durable before anybody sees it.
async fn fmz(options: &Options, name: &str, channels: bool) -> Result<Cost> {
    progress(&format!("peers: measuring {name}"));
    let folder = data_folder(options.data_root.as_deref())?;
    let site = Site {
        fmz: options.fmz.clone(),
        data: folder.path().join("data"),
    };
    let server = site.start(None).await?;
    site.create_room(&server, ROOM).await?;
    let join = Join {
        url: server.ws_url(),
        token: site.token(ROOM, "view,annotate").await?,
        session_key: [0; 16],
        revision: 0,
        transport: channels,
    };
    let (drawing, clients) = (options.drawing as usize, options.clients as usize);
    let draws = std::iter::repeat_n(Part::Draw { cycle: 1 }, drawing);
    let views = std::iter::repeat_n(Part::View, clients - drawing);
    let mut people = People::come_in(draws.chain(views), |_| join.clone()).await?;
    let cost = crowd::measure(&mut people, server.pid()?, options.clients, options.seconds)
        .await
        .with_context(|| format!("measure {name}"))?;
    drop(people);
    server.kill().await?;
    report(name, &cost);
    Ok(cost)
}

/// Measures another engine; its server and its clients are processes of their own.
async fn other(options: &Options, engine: &str, replicas: Replicas, name: &str) -> Result<Cost> {
    progress(&format!("peers: measuring {name}"));
    let server = NodeServer::start(&options.folder, engine, ROOM).await?;
    let mut clients = Clients::come_in(options, &server, engine, ROOM, replicas).await?;
    let cost = crowd::measure(
        &mut clients,
        server.pid()?,
        options.clients,
        options.seconds,
    )
    .await
    .with_context(|| format!("measure {name}"))?;
    report(name, &cost);
    Ok(cost)
}

fn report(name: &str, cost: &Cost) {
    figure(
        &format!("{name}_cpu_us_per_delivered_op"),
        cost.us_per_delivered(),
        "us",
    );
    figure(
        &format!("{name}_delivered_ops_per_s"),
        cost.delivered_per_s(),
        "ops/s",
    );
    figure(
        &format!("{name}_delivered_ratio"),
        cost.delivered_ratio(),
        "of 1",
    );
}
