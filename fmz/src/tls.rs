//! Certificates: the one that secures the page and the relay, and those that a client trusts.

use crate::exit::Failure;
use crate::settings::{Settings, Tls};
use fmz_net::front::{Certificate, CertificateError};
use fmz_signaling::relay::host_and_port;
use rustls::pki_types::{CertificateDer, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

/// Opens the certificate that the settings name, for the page and the relay.
pub(crate) fn certificate(settings: &Settings) -> Result<Option<Certificate>, Failure> {
    let tls = settings.tls()?;
    let opened = match &tls {
        Tls::Off => return Ok(None),
        Tls::SelfSigned => Certificate::open_own(&settings.data_dir, &own_names(settings)),
        Tls::Given { certificate, key } => Certificate::open(certificate.clone(), key.clone()),
    };
    opened.map(Some).map_err(|error| failure(&tls, &error))
}

/// Names the setting that an unusable file belongs to.
fn failure(tls: &Tls, error: &CertificateError) -> Failure {
    let name = match tls {
        Tls::Given { key, .. } if *key == error.path => "tls_key",
        Tls::Given { .. } => "tls_certificate",
        Tls::Off | Tls::SelfSigned => "data_dir",
    };
    Failure::setting(&format!("{name} {}", error.path.display()), &error.text)
}

/// Lists names for a certificate of the server's own: this machine, its addresses, and those by
/// which people reach it.
fn own_names(settings: &Settings) -> Vec<String> {
    let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    names.extend(
        interfaces
            .iter()
            .map(|interface| interface.ip().to_string()),
    );
    names.extend(settings.public_url.as_deref().and_then(host));
    names.extend(settings.public_addresses.iter().map(IpAddr::to_string));
    names.sort();
    names.dedup();
    names
}

/// Returns the host of an origin such as `https://review.example.com:8443`.
pub(crate) fn host(origin: &str) -> Option<String> {
    let (_, place) = origin.split_once("://")?;
    Some(host_and_port(place).0.to_owned())
}

/// Trusts one certificate and nothing else.
pub(crate) fn trust(certificate: &Path) -> Result<Arc<ClientConfig>, Failure> {
    let fault = |why: &dyn std::fmt::Display| {
        Failure::setting(&format!("ca {}", certificate.display()), why)
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(certificate).map_err(|error| fault(&error))?;
    for found in certificates {
        let found = found.map_err(|error| fault(&error))?;
        roots.add(found).map_err(|error| fault(&error))?;
    }
    client_config(roots).map_err(|error| fault(&error))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_origins() {
        for (origin, name) in [
            ("https://a.example:8443", "a.example"),
            ("http://[::1]:1", "::1"),
            ("https://b", "b"),
        ] {
            assert_eq!(host(origin).as_deref(), Some(name));
        }
    }
}
