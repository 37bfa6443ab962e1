//! `fmz publish`: sends a file into a room as a live stream.

use crate::cli::Publish;
use crate::exit::Failure;
use crate::logs::{self, LogFormat};
use crate::process::{self, Stop};
use crate::tls::trust;
use fmz_client::{Client, FilmOptions, Options, publish_file};
use std::path::Path;

/// Hour at which a programme's timecode begins, as is usual in film and television.
const FIRST_TIMECODE_HOURS: u32 = 1;

/// Joins the room and sends the file until ctrl-c.
pub(crate) fn run(typed: &Publish) -> Result<(), Failure> {
    logs::start(&typed.log, LogFormat::Text)?;
    process::runtime()?.block_on(async {
        let stop = Stop::listen()?;
        let mut joining = Options::named(&*typed.name);
        joining.tls = typed.ca.as_deref().map(trust).transpose()?;
        joining.relay_only = typed.relay_only;
        joining.relay_transports.clone_from(&typed.relay_transports);
        let mut options = film_options();
        options.media.clone_from(&typed.media);
        options.reel.clone_from(&typed.reel);
        tokio::select! {
            ended = stream(&typed.url, &typed.token, &typed.file, &options, joining) => ended,
            () = stop.asked() => Ok(()),
        }
    })
}

/// Returns the options of a film for which nothing else was asked.
pub(crate) fn film_options() -> FilmOptions {
    FilmOptions::starting_at_hour(FIRST_TIMECODE_HOURS)
}

/// Sends a file into the room that the token names. Returns only with a failure.
pub(crate) async fn stream(
    url: &str,
    token: &str,
    file: &Path,
    options: &FilmOptions,
    joining: Options,
) -> Result<(), Failure> {
    let (client, mut events) = Client::connect(url, token, joining)
        .await
        .map_err(|error| Failure::running(&format!("join {url}"), error))?;
    tokio::select! {
        ended = publish_file(&client, file, options) => {
            ended.map_err(|error| Failure::running(&format!("publish {}", file.display()), error))
        }
        () = async { while events.next().await.is_some() {} } => {
            Err(Failure::running("publish", "the session ended"))
        }
    }
}
