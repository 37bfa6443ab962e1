//! The native client joins and leaves: the time until media and data channels stand, and whether
//! the right pictures and an op get through.

mod decode;
mod frames;
mod pictures;
mod seen;

use self::pictures::PICTURES_MAX;
use self::seen::Seen;
use crate::report::announce;
use anyhow::{Context, Result};
use fmz_client::{Client, Events, Options as Joining, RelayTransport};
use fmz_proto::v1;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Longest time of one join.
const JOIN_TIMEOUT: Duration = Duration::from_secs(180);

/// Options of the joins.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// WebSocket of the server.
    #[arg(long, value_name = "URL")]
    url: String,
    /// Token for a room.
    #[arg(long, value_name = "JWT", hide_env_values = true)]
    token: String,
    /// Certificate (PEM) to trust for wss, beside none else.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// A relay and nothing else, over this transport: udp, tcp, tls.
    #[arg(long, value_name = "TRANSPORT")]
    relay: Option<RelayTransport>,
    /// In each join: judges so many pictures of the demo's stream by the numbers in them (with
    /// ffmpeg), and draws an arrow.
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u16).range(1..=i64::from(PICTURES_MAX)))]
    pictures: Option<u16>,
    /// Joins, one after the other.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1000))]
    joins: u32,
}

/// Joins as often as asked. Prints for each join the time from the welcome until its transport
/// stood.
pub(crate) async fn run(options: &Options) -> Result<()> {
    let tls = options.ca.as_deref().map(trust).transpose()?;
    for number in 0..options.joins {
        let mut joining = Joining::named(format!("Join {number}"));
        joining.tls.clone_from(&tls);
        if let Some(transport) = options.relay {
            joining.relay_only = true;
            joining.relay_transports = vec![transport];
        }
        tokio::time::timeout(JOIN_TIMEOUT, join(options, joining))
            .await
            .with_context(|| format!("join {number} took too long"))??;
    }
    Ok(())
}

async fn join(options: &Options, joining: Joining) -> Result<()> {
    let (client, mut events) = Client::connect(&options.url, &options.token, joining)
        .await
        .context("join")?;
    let begin = Instant::now();
    let mut seen = Seen::default();
    seen.until(&mut events, |seen| seen.connected).await?;
    let took = begin.elapsed().as_secs_f64() * 1000.0;
    announce("join_connected_ms", &format!("{took:.1}"));
    if let Some(count) = options.pictures {
        pictures::receive(&mut seen, &mut events, count.into()).await?;
        draw(&client, &mut seen, &mut events).await?;
    }
    client.leave().await;
    Ok(())
}

/// Draws an arrow, and waits until the server has accepted it.
async fn draw(client: &Client, seen: &mut Seen, events: &mut Events) -> Result<()> {
    seen.until(events, |seen| seen.loaded).await?;
    let drawn = client.edit(|replica| {
        let create = v1::Create {
            id: Some((&replica.next_id().expect("it has an author")).into()),
            kind: v1::Kind::Arrow.into(),
            frame: Some(v1::FrameStamp::default()),
            ..v1::Create::default()
        };
        replica.submit(&[v1::Op {
            op: Some(v1::op::Op::Create(create)),
        }])
    });
    drawn.await?.context("draw")?;
    while client.edit(|replica| replica.pending_count() > 0).await? {
        let before = seen.changes;
        seen.until(events, |seen| seen.changes > before).await?;
    }
    Ok(())
}

fn trust(certificate: &Path) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for found in CertificateDer::pem_file_iter(certificate).context("read the certificate")? {
        roots.add(found?)?;
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
