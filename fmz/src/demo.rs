//! `fmz demo`: a server, a room and a live stream in it, all over the real paths.

use crate::cli::Demo;
use crate::exit::Failure;
use crate::node::Node;
use crate::process::{self, Stop};
use crate::publish::{film_options, stream};
use crate::settings::{Settings, Tls};
use crate::tls::trust;
use crate::{logs, token};
use fmz_client::Options;
use fmz_client::clip::{ClipSpec, make_clip};
use fmz_net::front::OWN_CERTIFICATE;
use fmz_signaling::token::{Grant, TokenRequest};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

const ROOM: &str = "demo";
const TITLE: &str = "Demo";
/// Life of the printed link: a day. A new start prints a new link.
const LINK_LIFETIME: Duration = Duration::from_secs(24 * 3600);
/// Life of the stream's token: longer than any demonstration.
const STREAM_LIFETIME: Duration = Duration::from_secs(300 * 24 * 3600);
/// Hints for a new user, printed before the address, which stays the last line.
const TO_TRY: [&str; 3] = [
    "To try: open the address below, and write your name.",
    "Press B and draw on the picture. Each mark stays on the frame that you saw.",
    "Invite, in the top bar, makes a link for a second person. Open it in another window.",
];
/// Log filter of the demo: only warnings and errors, so that the address stays the last line.
const QUIET_LOG: &str = "warn,rtc_ice=error,rtc_dtls=error";

/// Runs until SIGTERM or ctrl-c.
pub(crate) fn run(settings: &Settings, typed: &Demo) -> Result<(), Failure> {
    logs::start(
        settings.log.as_deref().unwrap_or(QUIET_LOG),
        settings.log_format,
    )?;
    process::runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let node = Node::start(settings).await?;
        let clip = clip(settings, typed).await?;
        node.server
            .ensure_room(ROOM, TITLE)
            .await
            .map_err(|error| Failure::running("make the room", error))?;
        serve(settings, node, &clip, stop).await
    })
}

async fn serve(settings: &Settings, node: Node, clip: &Path, stop: Stop) -> Result<(), Failure> {
    let link = format!(
        "{}/r/{ROOM}#token={}",
        node.page_url(settings),
        node.server.mint(guest())
    );
    let streaming = stream_to(settings, &node, clip)?;
    TO_TRY.into_iter().for_each(process::say);
    process::say(&format!("Open {link}"));
    tokio::pin!(streaming);
    let mut failed = None;
    let ended = async {
        tokio::select! {
            () = stop.asked() => {}
            ended = &mut streaming => failed = ended.err(),
        }
    };
    node.run(ended).await?;
    failed.map_or(Ok(()), Err)
}

/// Sends the stream as any publisher does: over the WebSocket of the page's own listener.
fn stream_to(
    settings: &Settings,
    node: &Node,
    clip: &Path,
) -> Result<impl Future<Output = Result<(), Failure>> + use<>, Failure> {
    let host = node.loopback(settings);
    let (url, certificate) = match settings.tls()? {
        Tls::Off => (format!("ws://{host}/ws"), None),
        Tls::SelfSigned => (
            format!("wss://{host}/ws"),
            Some(settings.data_dir.join(OWN_CERTIFICATE)),
        ),
        Tls::Given { .. } => (
            format!("{}/ws", node.page_url(settings).replacen("http", "ws", 1)),
            None,
        ),
    };
    let mut joining = Options::named("Demo stream");
    // The process can always reach itself directly.
    joining.relay_transports.clear();
    joining.tls = certificate.as_deref().map(trust).transpose()?;
    let token = node.server.mint(machine());
    let clip = clip.to_owned();
    Ok(async move { stream(&url, &token, &clip, &film_options(), joining).await })
}

fn guest() -> TokenRequest {
    TokenRequest {
        room: ROOM.into(),
        subject: None,
        name: None,
        grants: token::every_grant(),
        lifetime: LINK_LIFETIME,
        machine: false,
    }
}

fn machine() -> TokenRequest {
    TokenRequest {
        name: Some("Demo stream".into()),
        grants: BTreeSet::from([Grant::View, Grant::Publish]),
        lifetime: STREAM_LIFETIME,
        machine: true,
        ..guest()
    }
}

/// Returns the film to send: the given one, or the demo film, which is made once and kept in the
/// data folder.
async fn clip(settings: &Settings, typed: &Demo) -> Result<PathBuf, Failure> {
    if let Some(clip) = &typed.clip {
        return Ok(clip.clone());
    }
    let spec = spec(typed)?;
    let folder = settings.data_dir.join("clips");
    tokio::task::spawn_blocking(move || {
        make_clip(&folder, &spec, &mut Progress::default().teller())
    })
    .await
    .map_err(|error| Failure::running("make the demo film", error))?
    .map_err(|error| Failure::running("make the demo film", error))
}

fn spec(typed: &Demo) -> Result<ClipSpec, Failure> {
    let fault = || {
        Failure::setting(
            "size",
            format!("{:?} is not a size such as 3840x2160", typed.size),
        )
    };
    let (width, height) = typed.size.split_once('x').ok_or_else(fault)?;
    let (width, height) = (
        width.parse().map_err(|_| fault())?,
        height.parse().map_err(|_| fault())?,
    );
    Ok(ClipSpec {
        width,
        height,
        frames: typed.frames,
        bitrate_kbps: typed.bitrate,
        ..ClipSpec::default()
    })
}

/// Prints each tenth of the way.
#[derive(Default)]
struct Progress {
    tenths: Option<u32>,
}

impl Progress {
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share in 0.0..=1.0"
    )]
    fn teller(mut self) -> impl FnMut(f64) {
        move |share| {
            let tenths = (share.clamp(0.0, 1.0) * 10.0) as u32;
            if self.tenths.replace(tenths) != Some(tenths) {
                process::say(&format!("making the demo film (once): {} %", tenths * 10));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(size: &str) -> Demo {
        Demo {
            size: size.into(),
            frames: 48,
            bitrate: 3000,
            clip: None,
        }
    }

    #[test]
    fn a_size_has_two_sides() {
        let spec = spec(&typed("1280x720")).unwrap();
        assert_eq!((spec.width, spec.height, spec.frames), (1280, 720, 48));
        for size in ["", "4K", "1280", "x", "1280x", "ax720"] {
            assert!(super::spec(&typed(size)).is_err(), "{size}");
        }
    }
}
