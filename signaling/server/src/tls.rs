//! TLS 1.3, by given files or by a certificate of the server's own.

use crate::{ServerError, Tls};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::TLS13,
};
use std::{
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

const OWN_CERTIFICATE: &str = "certificate.pem";
const OWN_KEY: &str = "key.pem";

/// Returns the settings for connections, `None` where they are not secured.
pub(crate) fn load(tls: &Tls, data: &Path) -> Result<Option<Arc<ServerConfig>>, ServerError> {
    match tls {
        Tls::Off => Ok(None),
        Tls::Files { certificate, key } => server_config(certificate, key).map(Some),
        Tls::SelfSigned { names } => {
            let (certificate, key) = (data.join(OWN_CERTIFICATE), data.join(OWN_KEY));
            if !certificate.exists() || !key.exists() {
                make(names, &certificate, &key)?;
            }
            server_config(&certificate, &key).map(Some)
        }
    }
}

fn server_config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>, ServerError> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(certificate, &error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| unusable(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| unusable(certificate, &error))?;
    // WebSockets over HTTP/2 need an extension that few speak, so a browser is told HTTP/1.1 only.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn make(names: &[String], certificate: &Path, key: &Path) -> Result<(), ServerError> {
    let made =
        rcgen::generate_simple_self_signed(names).map_err(|error| unusable(certificate, &error))?;
    let write = |path: &PathBuf, text: &str| {
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    };
    if let Some(folder) = key.parent() {
        fs::create_dir_all(folder).map_err(|error| unusable(folder, &error))?;
    }
    write(&key.to_owned(), &made.signing_key.serialize_pem())
        .map_err(|error| unusable(key, &error))?;
    write(&certificate.to_owned(), &made.cert.pem()).map_err(|error| unusable(certificate, &error))
}

fn unusable(path: &Path, error: &dyn std::fmt::Display) -> ServerError {
    ServerError::File {
        path: path.to_owned(),
        text: error.to_string(),
    }
}
