//! Checks of settings that must fit together.

use super::Settings;
use crate::exit::Failure;
use crate::roles;
use std::net::IpAddr;
use std::path::PathBuf;

/// Relays at the edge. A browser gathers on all of them and on the server's own three, and Firefox
/// warns of five or more.
const EDGES_MAX: usize = 4;
/// Secrets: the present one, the next, the last, and one to spare.
const SECRETS_MAX: usize = 4;

/// Origin of the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Tls {
    /// Connections are not secured.
    Off,
    /// The server makes the certificate and keeps it in the data folder.
    SelfSigned,
    /// The settings name the files.
    Given { certificate: PathBuf, key: PathBuf },
}

impl Settings {
    /// Refuses settings that are each valid but cannot be combined.
    pub(super) fn check(&self) -> Result<(), Failure> {
        roles::check(&self.roles).map_err(|why| Failure::setting("roles", why))?;
        self.tls()?;
        self.check_relay_addresses()?;
        self.check_secrets_and_edges()
    }

    /// Returns the origin of the server's certificate, which three settings decide together.
    pub(crate) fn tls(&self) -> Result<Tls, Failure> {
        let files = (&self.tls_certificate, &self.tls_key);
        match (files, self.tls_self_signed) {
            ((None, None), false) => Ok(Tls::Off),
            ((None, None), true) => Ok(Tls::SelfSigned),
            ((Some(certificate), Some(key)), false) => Ok(Tls::Given {
                certificate: certificate.clone(),
                key: key.clone(),
            }),
            ((Some(_), Some(_)), true) => Err(Failure::setting(
                "tls_self_signed",
                "not beside tls_certificate: choose one",
            )),
            ((Some(_), None), _) => Err(Failure::setting(
                "tls_certificate",
                "needs tls_key beside it",
            )),
            ((None, Some(_)), _) => Err(Failure::setting(
                "tls_key",
                "needs tls_certificate beside it",
            )),
        }
    }

    fn check_relay_addresses(&self) -> Result<(), Failure> {
        for family in [IpAddr::is_ipv4, IpAddr::is_ipv6] {
            let of_family = self
                .turn
                .turn_relay_addresses
                .iter()
                .filter(|ip| family(ip));
            if of_family.count() > 1 {
                let why = "one of IPv4 and one of IPv6 at most";
                return Err(Failure::setting("turn_relay_addresses", why));
            }
        }
        Ok(())
    }

    fn check_secrets_and_edges(&self) -> Result<(), Failure> {
        let (secrets, edges) = (&self.turn.turn_secrets, &self.turn.turn_edges);
        if secrets.len() > SECRETS_MAX {
            let why = format!("{SECRETS_MAX} at most");
            return Err(Failure::setting("turn_secrets", why));
        }
        if edges.len() > EDGES_MAX {
            let why = format!("{EDGES_MAX} at most");
            return Err(Failure::setting("turn_edges", why));
        }
        if !edges.is_empty() && secrets.is_empty() {
            let why = "needs turn_secrets, which relays at the edge share";
            return Err(Failure::setting("turn_edges", why));
        }
        Ok(())
    }
}
