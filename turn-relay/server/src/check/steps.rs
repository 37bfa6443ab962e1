//! The steps of a check, and the meaning of their failures.

use super::{Account, Client, Line, Trouble};
use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

/// Channel of the data that goes from one allocation to the other.
const CHANNEL: u16 = 0x4000;

/// One step on one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Reach the relay at all.
    Connect,
    /// Learn the client's own address.
    Binding,
    /// Get a relayed address.
    Allocate,
    /// Get permission to reach a peer.
    Permission,
    /// Reach the client itself through two allocations.
    Hairpin,
}

impl fmt::Display for Step {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Connect => "connect",
            Self::Binding => "binding",
            Self::Allocate => "allocate",
            Self::Permission => "permission",
            Self::Hairpin => "relay to relay",
        })
    }
}

/// Result of a step: a line of text, or the failure.
pub type Found = (Step, Result<String, Trouble>);

/// Takes the steps on two lines of one kind, up to the first failure. `peers` are the addresses
/// that must be reachable through the relay.
pub async fn try_line(lines: [Line; 2], account: &Account, peers: &[SocketAddr]) -> Vec<Found> {
    let mut found = Vec::new();
    let [mut one, mut other] = lines.map(|line| Client::new(line, account.clone()));
    let _ = walk(&mut one, &mut other, peers, &mut found).await;
    for client in [&mut one, &mut other] {
        // If the relay does not answer here, the allocation expires by itself.
        let _ = client.refresh(0).await;
    }
    found
}

/// Takes the steps. Returns `None` after a step that failed.
async fn walk(
    one: &mut Client,
    other: &mut Client,
    peers: &[SocketAddr],
    found: &mut Vec<Found>,
) -> Option<()> {
    let begun = Instant::now();
    let seen = note(found, Step::Binding, one.binding().await, |address| {
        format!("seen as {address}, {} ms", begun.elapsed().as_millis())
    })?;
    let relayed = note(found, Step::Allocate, one.allocate().await, |relayed| {
        format!("{seen} is relayed by {relayed}")
    })?;
    for peer in peers {
        note(found, Step::Permission, one.permit(*peer).await, |()| {
            format!("{peer} may be reached")
        })?;
    }
    let met = meet(one, relayed, other).await;
    note(found, Step::Hairpin, met, |()| {
        "two clients of the relay reach each other".to_owned()
    })
}

fn note<T: Clone>(
    found: &mut Vec<Found>,
    step: Step,
    result: Result<T, Trouble>,
    text: impl FnOnce(&T) -> String,
) -> Option<T> {
    let kept = result.as_ref().ok().cloned();
    found.push((step, result.map(|value| text(&value))));
    kept
}

/// Sends data from one allocation to another and back.
async fn meet(one: &mut Client, relayed: SocketAddr, other: &mut Client) -> Result<(), Trouble> {
    let other_relayed = other.allocate().await?;
    one.bind(CHANNEL, other_relayed).await?;
    other.bind(CHANNEL, relayed).await?;
    one.send(CHANNEL, b"there").await?;
    let came = other.receive().await?;
    other.send(CHANNEL, &came).await?;
    match one.receive().await?.as_slice() {
        b"there" => Ok(()),
        _ => Err(Trouble::Nonsense("what was sent")),
    }
}

/// Explains the meaning of a failure, and its remedy.
pub fn explain(step: Step, trouble: &Trouble) -> &'static str {
    match (step, trouble) {
        (_, Trouble::Refused { code, .. }) => explain_code(*code),
        (Step::Connect, _) => {
            "No relay is at this address, or a firewall blocks the way: check address, port and firewall rules."
        }
        (_, Trouble::Silence) => {
            "No answer comes back: a firewall blocks UDP, or another program has the port. TCP and TLS may still work."
        }
        (Step::Hairpin, _) => {
            "The relay cannot reach its own relayed addresses: check turn_relay_addresses and turn_relay_ports."
        }
        (_, Trouble::Nonsense(_)) => "The program that answers there is no relay, or a broken one.",
        (_, Trouble::Io(_)) => {
            "The connection broke: a proxy or firewall on the way blocks this protocol."
        }
    }
}

fn explain_code(code: u16) -> &'static str {
    match code {
        300 => "The relay is being taken out of service and names another one.",
        400 => "The relay did not understand the request.",
        401 => {
            "The relay does not know this secret, user name or password: compare turn_secrets on both sides, and the clocks."
        }
        403 => {
            "The relay's policy forbids this peer: turn_policy and turn_peers allow peers; media_listen and public_addresses say where the forwarding unit is."
        }
        420 => "The relay does not know an option of the request.",
        437 => "The relay has forgotten the allocation, or has one already for this port.",
        438 => "The relay's nonce expires before it is used: check the relay's clock.",
        440 => "The relay has no address of this family: set turn_relay_addresses.",
        441 => "The allocation belongs to another user.",
        442 => "The relay does not relay this transport.",
        443 => "Peer and relayed address are of different families.",
        486 => "This user has as many allocations as turn_user_allocations allows.",
        508 => {
            "The relay is full or draining: check turn_allocations_max, turn_relay_ports and the limit of open files."
        }
        _ => "The relay gives no other reason than its own words.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turn_check1_every_code_of_the_relay_is_explained() {
        let general = explain_code(0);
        for code in [
            300, 400, 401, 403, 420, 437, 438, 440, 441, 442, 443, 486, 508,
        ] {
            assert_ne!(explain_code(code), general, "{code}");
        }
    }
}
