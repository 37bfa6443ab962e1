//! `fmz publish`: a file into a room, as a live stream.

use crate::cli::Publish;
use crate::config::LogFormat;
use crate::exit::Failure;
use crate::{logs, node};
use fmz_client::{Client, FilmOptions, Options, publish_file};
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// Hour at which a programme's timecode begins, as the trade has it.
const FIRST_TIMECODE_HOURS: u32 = 1;

/// Joins the room and sends the file until ctrl-c.
pub(crate) fn run(typed: &Publish) -> Result<(), Failure> {
    logs::start(&typed.log, LogFormat::Text)?;
    node::runtime()?.block_on(async {
        let stop = node::Stop::listen()?;
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

/// How a film is sent unless something else is asked for.
pub(crate) fn film_options() -> FilmOptions {
    FilmOptions::starting_at_hour(FIRST_TIMECODE_HOURS)
}

/// Sends a file into the room that the token names; it ends only with a failure.
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

/// Trusts one certificate beside none else: the server's own.
pub(crate) fn trust(certificate: &Path) -> Result<Arc<ClientConfig>, Failure> {
    let fault = |why: String| Failure::setting(&format!("ca {}", certificate.display()), why);
    let mut roots = RootCertStore::empty();
    for found in
        CertificateDer::pem_file_iter(certificate).map_err(|error| fault(error.to_string()))?
    {
        let found = found.map_err(|error| fault(error.to_string()))?;
        roots.add(found).map_err(|error| fault(error.to_string()))?;
    }
    client_config(roots).map_err(|error| fault(error.to_string()))
}

/// Trusts what the system trusts.
pub(crate) fn trust_system() -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    client_config(roots).map_err(|error| Failure::running("prepare TLS", error))
}

fn client_config(roots: RootCertStore) -> Result<Arc<ClientConfig>, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
