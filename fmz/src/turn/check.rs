//! `fmz turn check`: tries a relay in the ways that browsers use it, and reports what stands in the
//! way.

use crate::cli::Check;
use crate::exit::Failure;
use crate::process;
use crate::relay_url::{Target, Transport};
use crate::tls::{trust, trust_system};
use fmz_turn::check::{Account, Line, Step, Trouble, explain, try_line};
use fmz_turn::{Credentials, Issuer};
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Life of the credentials made for the check.
const CREDENTIALS_LIFE: Duration = Duration::from_secs(600);
/// Longest wait to connect, including the TLS handshake.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// User name under which the relay counts a check.
const USER: &str = "check";

/// Tries every transport of every URL. Fails if any step of any transport failed.
pub(crate) fn run(typed: &Check) -> Result<(), Failure> {
    let targets = typed.urls.iter().map(|url| target(url));
    let targets = targets.collect::<Result<Vec<_>, _>>()?;
    let account = account(typed)?;
    let tls = tls(typed)?;
    process::runtime()?.block_on(async {
        let mut failures = 0;
        for target in &targets {
            for transport in &target.transports {
                failures += usize::from(!one(target, *transport, &account, typed, &tls).await);
            }
        }
        match failures {
            0 => Ok(()),
            _ => Err(Failure::running(
                "turn check",
                format!("{failures} ways do not work"),
            )),
        }
    })
}

fn account(typed: &Check) -> Result<Account, Failure> {
    // The variable may hold several secrets. The first makes credentials.
    let secret = typed
        .secret
        .as_deref()
        .map(|all| all.split(',').next().unwrap_or(all));
    match (secret, &typed.username, &typed.password) {
        (Some(secret), None, None) => {
            let Credentials { username, password } =
                Issuer::new(secret).issue(USER, CREDENTIALS_LIFE);
            Ok(Account { username, password })
        }
        (_, Some(username), Some(password)) => Ok(Account {
            username: username.clone(),
            password: password.clone(),
        }),
        _ => Err(Failure::setting(
            "secret",
            "give the relay's, or a user name and a password",
        )),
    }
}

fn tls(typed: &Check) -> Result<TlsConnector, Failure> {
    let config = match &typed.ca {
        Some(certificate) => trust(certificate)?,
        None => trust_system()?,
    };
    Ok(Arc::clone(&config).into())
}

fn target(url: &str) -> Result<Target, Failure> {
    let why = || format!("{url:?} is not a relay such as turn:HOST:3478 or turns:HOST:443");
    Target::read(url).ok_or_else(|| Failure::setting("url", why()))
}

/// Tries one transport and prints the findings. Returns whether all steps succeeded.
async fn one(
    target: &Target,
    transport: Transport,
    account: &Account,
    typed: &Check,
    tls: &TlsConnector,
) -> bool {
    let found = match lines(target, transport, tls).await {
        Ok(lines) => try_line(lines, account, &typed.peers).await,
        Err(error) => vec![(Step::Connect, Err(Trouble::Io(error)))],
    };
    let place = format!("{transport:?} {}:{}", target.host, target.port).to_lowercase();
    for (step, outcome) in &found {
        process::say(&match outcome {
            Ok(text) => format!("{place}  ok      {step}: {text}"),
            Err(trouble) => format!(
                "{place}  FAILED  {step}: {trouble}. {}",
                explain(*step, trouble)
            ),
        });
    }
    found.iter().all(|(_, outcome)| outcome.is_ok())
}

async fn lines(target: &Target, transport: Transport, tls: &TlsConnector) -> io::Result<[Line; 2]> {
    let place = (target.host.as_str(), target.port);
    let at = lookup_host(place).await?.next();
    let at = at.ok_or_else(|| io::Error::other("the name has no address"))?;
    let both = async {
        Ok([
            line(at, &target.host, transport, tls).await?,
            line(at, &target.host, transport, tls).await?,
        ])
    };
    let late = |_| io::Error::from(io::ErrorKind::TimedOut);
    timeout(CONNECT_TIME_MAX, both).await.map_err(late)?
}

async fn line(
    at: SocketAddr,
    host: &str,
    transport: Transport,
    tls: &TlsConnector,
) -> io::Result<Line> {
    if transport == Transport::Udp {
        let any = if at.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
        let socket = UdpSocket::bind(any).await?;
        socket.connect(at).await?;
        return Ok(Line::datagrams(socket));
    }
    let stream = TcpStream::connect(at).await?;
    stream.set_nodelay(true)?;
    if transport == Transport::Tcp {
        return Ok(Line::stream(stream));
    }
    let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
    Ok(Line::stream(tls.connect(name, stream).await?))
}
