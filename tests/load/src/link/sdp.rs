//! Leads a peer through a link. The offer names the link's address. The answer has no candidates,
//! so the server answers to the source of the peer's checks.

use anyhow::{Context, Result};
use std::net::SocketAddr;

const CANDIDATE: &str = "a=candidate:";

/// Returns the server's address in an offer: that of its first UDP candidate.
pub(crate) fn server_in(offer: &str) -> Result<SocketAddr> {
    let mut candidates = offer.lines().filter(|line| line.starts_with(CANDIDATE));
    candidates
        .find_map(address)
        .context("the offer has no candidate")
}

/// Reads the address of a candidate: foundation, component, protocol, priority, address, port (RFC
/// 8839 section 5.1).
fn address(candidate: &str) -> Option<SocketAddr> {
    let mut words = candidate.split(' ').skip(2);
    words
        .next()
        .filter(|protocol| protocol.eq_ignore_ascii_case("udp"))?;
    let (ip, port) = (words.nth(1)?, words.next()?);
    Some(SocketAddr::new(ip.parse().ok()?, port.parse().ok()?))
}

/// Returns the offer with the link's address in place of the server's, and no other address.
pub(crate) fn through(offer: &str, server: SocketAddr, link: SocketAddr) -> String {
    let place = |at: SocketAddr| format!(" {} {} ", at.ip(), at.port());
    let kept = |line: &&str| !line.starts_with(CANDIDATE) || address(line) == Some(server);
    let lines = offer.lines().filter(kept).map(|line| {
        if line.starts_with(CANDIDATE) {
            line.replace(&place(server), &place(link))
        } else {
            line.to_owned()
        }
    });
    joined(lines)
}

/// Returns the answer without candidates.
pub(crate) fn without_candidates(answer: &str) -> String {
    let kept = |line: &&str| !line.starts_with(CANDIDATE);
    joined(answer.lines().filter(kept).map(str::to_owned))
}

fn joined(lines: impl Iterator<Item = String>) -> String {
    lines.map(|line| line + "\r\n").collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = "v=0\r\na=candidate:1 1 udp 2130706175 127.0.0.1 4000 typ host\r\n\
        a=candidate:2 1 udp 2130706174 10.0.0.7 4000 typ host\r\na=end-of-candidates\r\n";

    #[test]
    fn an_offer_leads_to_the_link_and_nowhere_else() {
        let server = server_in(OFFER).unwrap();
        assert_eq!(server, "127.0.0.1:4000".parse::<SocketAddr>().unwrap());
        let offer = through(OFFER, server, "127.0.0.1:5000".parse().unwrap());
        assert_eq!(
            offer,
            "v=0\r\na=candidate:1 1 udp 2130706175 127.0.0.1 5000 typ host\r\na=end-of-candidates\r\n"
        );
    }

    #[test]
    fn an_answer_names_nobody() {
        assert_eq!(without_candidates(OFFER), "v=0\r\na=end-of-candidates\r\n");
        assert!(server_in("v=0\r\n").is_err());
    }
}
