//! Relays at the edge, by their URLs.

use crate::exit::Failure;
use crate::turn::url::Target;

/// A browser gathers on all of them and on the server's own three; Firefox warns of five and more.
const EDGES_MAX: usize = 4;

/// Refuses what is no relay's URL, and relays that could not know the sessions' credentials.
pub(super) fn edges(texts: &[String], secrets: Option<&[String]>) -> Result<Vec<String>, Failure> {
    let fault = |why: String| Failure::setting("turn_edges", why);
    if texts.len() > EDGES_MAX {
        return Err(fault(format!("{EDGES_MAX} at most")));
    }
    if !texts.is_empty() && secrets.is_none_or(<[String]>::is_empty) {
        return Err(fault(
            "needs turn_secrets, which relays at the edge share".to_owned(),
        ));
    }
    let wanted =
        "a relay such as turn:edge.example.com:3478?transport=udp or turns:edge.example.com:443";
    let edge = |text: &String| {
        let url = text.trim();
        Target::read(url)
            .map(|_| url.to_owned())
            .ok_or_else(|| fault(format!("{text:?} is not {wanted}")))
    };
    texts.iter().map(edge).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_are_urls_of_relays_that_share_the_secrets() {
        let checked = |urls: &[&str]| {
            let urls: Vec<_> = urls.iter().map(|url| (*url).to_owned()).collect();
            edges(&urls, Some(&["a secret of enough length".to_owned()]))
        };
        let good = [
            "turn:edge.example.com:3478?transport=udp",
            "turn:203.0.113.9",
            "turns:[2001:db8::1]:443?transport=tcp",
            "turns:edge.example.com",
        ];
        assert_eq!(checked(&good).unwrap(), good);
        for bad in [
            "edge.example.com:3478",
            "stun:edge.example.com:3478",
            "turns:edge.example.com:443?transport=udp",
            "turn:edge.example.com:port",
            "turn:user@edge.example.com",
            "turn:",
            "turn:2001:db8::1:99999",
        ] {
            assert!(checked(&[bad]).is_err(), "{bad}");
        }
        assert!(checked(&["turn:a"; 5]).is_err());
    }
}
