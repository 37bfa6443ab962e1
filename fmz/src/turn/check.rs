//! `fmz turn check`: tries a relay the way browsers use it, and says what stands in the way.

use crate::cli::Check;
use crate::exit::Failure;
use crate::{node, publish};
use fmz_turn::Credentials;
use fmz_turn::check::{Account, Line, Step, Trouble, explain, try_line};
use rustls::pki_types::ServerName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::{TcpStream, UdpSocket, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

/// Ports where a URL names none (RFC 7065 section 3.2).
const PORT: u16 = 3478;
const PORT_TLS: u16 = 5349;
/// Life of the credentials made for the check.
const CREDENTIALS_LIFE: Duration = Duration::from_secs(600);
/// Time to connect, with a TLS handshake.
const CONNECT_TIME_MAX: Duration = Duration::from_secs(10);
/// The user that a check is counted as.
const USER: &str = "check";

/// How clients reach a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// One relay as a URL names it (RFC 7065).
#[derive(Debug, PartialEq, Eq)]
struct Target {
    host: String,
    port: u16,
    transports: Vec<Transport>,
}

/// Tries every transport of every URL. Fails where one step of any failed.
pub(crate) fn run(typed: &Check) -> Result<(), Failure> {
    let targets = typed.urls.iter().map(|url| target(url));
    let targets = targets.collect::<Result<Vec<_>, _>>()?;
    let account = account(typed)?;
    let tls = tls(typed)?;
    node::runtime()?.block_on(async {
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
    // The variable may hold several: the first makes credentials.
    let secret = typed
        .secret
        .as_deref()
        .map(|all| all.split(',').next().unwrap_or(all));
    match (secret, &typed.username, &typed.password) {
        (Some(secret), None, None) => {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            let Credentials { username, password } =
                Credentials::issue(secret, USER, now + CREDENTIALS_LIFE);
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
        Some(certificate) => publish::trust(certificate)?,
        None => publish::trust_system()?,
    };
    Ok(Arc::clone(&config).into())
}

fn target(url: &str) -> Result<Target, Failure> {
    let fault = || {
        let why = format!("{url:?} is not a relay such as turn:HOST:3478 or turns:HOST:443");
        Failure::setting("url", why)
    };
    let (scheme, rest) = url.split_once(':').ok_or_else(fault)?;
    let (place, query) = rest
        .split_once('?')
        .map_or((rest, None), |(place, query)| (place, Some(query)));
    let (transports, usual) = match (scheme, query) {
        ("turn", None) => (vec![Transport::Udp, Transport::Tcp], PORT),
        ("turn", Some("transport=udp")) => (vec![Transport::Udp], PORT),
        ("turn", Some("transport=tcp")) => (vec![Transport::Tcp], PORT),
        ("turns", None | Some("transport=tcp")) => (vec![Transport::Tls], PORT_TLS),
        _ => return Err(fault()),
    };
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => {
            (host, port.parse().map_err(|_| fault())?)
        }
        _ => (place, usual),
    };
    let host = host.trim_matches(['[', ']']).to_owned();
    if host.is_empty() {
        return Err(fault());
    }
    Ok(Target {
        host,
        port,
        transports,
    })
}

/// Tries one transport and prints what is found. True where all went well.
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
        node::say(&match outcome {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(String, u16, usize)> {
        let target = target(url).ok()?;
        Some((target.host, target.port, target.transports.len()))
    }

    #[test]
    fn relay_urls_are_those_of_the_rfc() {
        assert_eq!(read("turn:r.example"), Some(("r.example".into(), 3478, 2)));
        assert_eq!(
            read("turn:r.example:80?transport=tcp"),
            Some(("r.example".into(), 80, 1))
        );
        assert_eq!(
            read("turns:[2001:db8::1]:443"),
            Some(("2001:db8::1".into(), 443, 1))
        );
        assert_eq!(read("turns:r.example"), Some(("r.example".into(), 5349, 1)));
        for bad in [
            "r.example",
            "stun:r.example",
            "turn:",
            "turn:r:99999",
            "turns:r?transport=udp",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
