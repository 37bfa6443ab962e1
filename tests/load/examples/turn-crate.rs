//! `turn-crate ADDRESS SECRET`: a server made of the `turn` crate, on one UDP address, to be
//! measured beside fmz. It accepts credentials `expiry:user` made with that secret.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use turn::auth::{AuthHandler, generate_auth_key};
use turn::relay::relay_static::RelayAddressGeneratorStatic;
use turn::server::Server;
use turn::server::config::{ConnConfig, ServerConfig};
use webrtc_util::vnet::net::Net;

const REALM: &str = "bench";

/// Accepts user names of the form `expiry:user`; the crate's own handler accepts a bare expiry
/// only.
struct SharedSecret(hmac::Key);

impl AuthHandler for SharedSecret {
    fn auth_handle(&self, user: &str, realm: &str, _: SocketAddr) -> Result<Vec<u8>, turn::Error> {
        let password = BASE64_STANDARD.encode(hmac::sign(&self.0, user.as_bytes()));
        Ok(generate_auth_key(user, realm, &password))
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(secret)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("turn-crate ADDRESS SECRET");
    };
    let address: SocketAddr = address.parse()?;
    let relay = RelayAddressGeneratorStatic {
        relay_address: address.ip(),
        address: address.ip().to_string(),
        net: Arc::new(Net::new(None)),
    };
    let listener = ConnConfig {
        conn: Arc::new(tokio::net::UdpSocket::bind(address).await?),
        relay_addr_generator: Box::new(relay),
    };
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret.as_bytes());
    let server = Server::new(ServerConfig {
        conn_configs: vec![listener],
        realm: REALM.to_owned(),
        auth_handler: Arc::new(SharedSecret(key)),
        channel_bind_timeout: Duration::ZERO,
        alloc_close_notify: None,
    })
    .await?;
    tokio::signal::ctrl_c().await?;
    server.close().await?;
    Ok(())
}
