//! The address by which other networks see this machine.

use crate::exit::Failure;
use fmz_turn::check::{Account, Client, Line};
use std::net::{IpAddr, Ipv4Addr};
use tokio::net::{UdpSocket, lookup_host};

/// Asks a STUN server over IPv4. Relays behind an IPv6 address translator are not supported.
///
/// # Errors
/// A failure of the setting if the server has no address or does not answer.
pub(crate) async fn address(server: &str) -> Result<IpAddr, Failure> {
    ask(server).await.map_err(|why| {
        let why = format!("stun:{server} does not say how this machine is seen: {why}");
        Failure::setting("turn_external", why)
    })
}

async fn ask(server: &str) -> Result<IpAddr, String> {
    let said = |error: std::io::Error| error.to_string();
    let mut found = lookup_host(server).await.map_err(said)?;
    let server = found.find(|at| at.is_ipv4()).ok_or("no IPv4 address")?;
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
        .await
        .map_err(said)?;
    socket.connect(server).await.map_err(said)?;
    let nobody = Account {
        username: String::new(),
        password: String::new(),
    };
    let mut client = Client::new(Line::datagrams(socket), nobody);
    let seen = client
        .binding()
        .await
        .map_err(|trouble| trouble.to_string())?;
    Ok(seen.ip())
}
