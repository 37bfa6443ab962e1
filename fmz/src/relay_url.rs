//! Relays by their URLs (RFC 7065).

use fmz_signaling::relay::host_and_port;

/// Ports of URLs that name none (RFC 7065 section 3.2).
const PORT: u16 = 3478;
const PORT_TLS: u16 = 5349;

/// A protocol by which clients reach a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Udp,
    Tcp,
    Tls,
}

/// One relay as a URL names it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) transports: Vec<Transport>,
}

impl Target {
    /// Reads a URL. Returns `None` if it does not name a relay (section 3.1), or names TLS over
    /// UDP, which our relays do not speak.
    pub(crate) fn read(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once(':')?;
        let (place, query) = rest
            .split_once('?')
            .map_or((rest, None), |(place, query)| (place, Some(query)));
        let (transports, usual) = match (scheme, query) {
            ("turn", None) => (vec![Transport::Udp, Transport::Tcp], PORT),
            ("turn", Some("transport=udp")) => (vec![Transport::Udp], PORT),
            ("turn", Some("transport=tcp")) => (vec![Transport::Tcp], PORT),
            ("turns", None | Some("transport=tcp")) => (vec![Transport::Tls], PORT_TLS),
            _ => return None,
        };
        let (host, port) = host_and_port(place);
        let in_host = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
        // A colon is valid only before a port or inside the brackets of an IPv6 address.
        let whole = port.is_some() || !place.contains(':') || place.ends_with(']');
        (whole && !host.is_empty() && host.chars().all(in_host)).then(|| Self {
            host: host.to_owned(),
            port: port.unwrap_or(usual),
            transports,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Option<(String, u16, usize)> {
        let target = Target::read(url)?;
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
        assert_eq!(read("turns:[::1]"), Some(("::1".into(), 5349, 1)));
        assert_eq!(read("turns:r.example"), Some(("r.example".into(), 5349, 1)));
        for bad in [
            "r.example",
            "stun:r.example",
            "turn:",
            "turn:r:99999",
            "turn:r:port",
            "turn:r?",
            "turn:user@r",
            "turn:2001:db8::1:99999",
            "turns:r?transport=udp",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
