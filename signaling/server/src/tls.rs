//! TLS by given files, or by a certificate of the server's own.

use crate::{ServerError, Tls};
use fmz_net::front;
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
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

/// Where the certificate comes from, and the connections that it is for.
#[derive(Debug, Clone)]
pub struct Certificate {
    certificate: PathBuf,
    key: PathBuf,
    connections: front::Tls,
}

impl Certificate {
    /// Reads it, and makes one first where it is to be the server's own; `None` where connections are not secured.
    ///
    /// # Errors
    /// [`ServerError::File`] where it cannot be read or made.
    pub fn open(tls: &Tls, data: &Path) -> Result<Option<Self>, ServerError> {
        let (certificate, key) = match tls {
            Tls::Off => return Ok(None),
            Tls::Files { certificate, key } => (certificate.clone(), key.clone()),
            Tls::SelfSigned { names } => {
                let (certificate, key) = (data.join(OWN_CERTIFICATE), data.join(OWN_KEY));
                if !certificate.exists() || !key.exists() {
                    make(names, &certificate, &key)?;
                }
                (certificate, key)
            }
        };
        let connections = front::Tls::new(server_config(&certificate, &key)?);
        Ok(Some(Self {
            certificate,
            key,
            connections,
        }))
    }

    /// Reads the files again: from now on connections are secured by what they hold. Those that are open go on.
    ///
    /// # Errors
    /// [`ServerError::File`]; then the certificate of before stays in use.
    pub fn reload(&self) -> Result<(), ServerError> {
        self.connections
            .replace(server_config(&self.certificate, &self.key)?);
        Ok(())
    }

    /// The connections that it secures.
    pub fn connections(&self) -> front::Tls {
        self.connections.clone()
    }
}

/// TLS 1.2 is for relay clients in applications whose library has no newer one; what rustls has of it is forward secret and
/// authenticated.
fn server_config(certificate: &Path, key: &Path) -> Result<ServerConfig, ServerError> {
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
