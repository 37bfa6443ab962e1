//! The certificate on disk that secures connections: given files, or one of the server's own.

use super::tls::Tls;
use std::{
    fmt::Display,
    fs::{self, OpenOptions},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_rustls::rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
};

/// File of a server's own certificate in its data folder.
pub const OWN_CERTIFICATE: &str = "certificate.pem";
const OWN_KEY: &str = "key.pem";

/// A certificate's files and the connections that it secures. The page and the relay share one.
#[derive(Debug, Clone)]
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    connections: Tls,
}

/// The file of a certificate that cannot be used, and the reason.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be used: {text}", path.display())]
pub struct CertificateError {
    /// The file or folder.
    pub path: PathBuf,
    /// Reason why it cannot be used.
    pub text: String,
}

impl Certificate {
    /// Reads a certificate chain and its private key, both PEM.
    ///
    /// # Errors
    /// [`CertificateError`] if a file cannot be read or the two do not belong together.
    pub fn open(certificate: PathBuf, key: PathBuf) -> Result<Self, CertificateError> {
        let connections = Tls::new(server_config(&certificate, &key)?);
        Ok(Self {
            certificate,
            key,
            connections,
        })
    }

    /// Reads the server's own certificate in `folder`. If there is none, makes one for `names`
    /// (host names and IP addresses) that it signs itself; browsers warn of it.
    ///
    /// # Errors
    /// [`CertificateError`] if it cannot be made, written or read.
    pub fn open_own(folder: &Path, names: &[String]) -> Result<Self, CertificateError> {
        let (certificate, key) = (folder.join(OWN_CERTIFICATE), folder.join(OWN_KEY));
        if !certificate.exists() || !key.exists() {
            make(names, &certificate, &key)?;
        }
        Self::open(certificate, key)
    }

    /// Reads the files again. New connections use their present contents; open connections go on.
    ///
    /// # Errors
    /// [`CertificateError`]; the earlier certificate then stays in use.
    pub fn reload(&self) -> Result<(), CertificateError> {
        self.connections
            .replace(server_config(&self.certificate, &self.key)?);
        Ok(())
    }

    /// Returns the connections that it secures, for [`super::Settings::tls`].
    pub fn connections(&self) -> Tls {
        self.connections.clone()
    }
}

/// Makes the configuration. TLS 1.2 is for relay clients in applications whose library knows
/// nothing newer. Of its suites, rustls offers only those with forward secrecy and authentication.
fn server_config(certificate: &Path, key: &Path) -> Result<ServerConfig, CertificateError> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unusable(certificate, &error))?;
    let secret = PrivateKeyDer::from_pem_file(key).map_err(|error| unusable(key, &error))?;
    ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(|error| unusable(certificate, &error))?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .map_err(|error| unusable(certificate, &error))
}

fn make(names: &[String], certificate: &Path, key: &Path) -> Result<(), CertificateError> {
    let made =
        rcgen::generate_simple_self_signed(names).map_err(|error| unusable(certificate, &error))?;
    let write = |path: &Path, text: &str| {
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
    write(key, &made.signing_key.serialize_pem()).map_err(|error| unusable(key, &error))?;
    write(certificate, &made.cert.pem()).map_err(|error| unusable(certificate, &error))
}

fn unusable(path: &Path, error: &dyn Display) -> CertificateError {
    CertificateError {
        path: path.to_owned(),
        text: error.to_string(),
    }
}
