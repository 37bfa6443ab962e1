//! The test vectors of RFC 5769 and RFC 8489.

use super::*;
use stun_types::attribute::{Userhash, XorMappedAddress};

/// RFC 5769 section 2.1.
const SHORT_TERM_REQUEST: &str = "000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74002400046e0001ff\
     80290008932ff9b151263b36000600096576746a3a68367659202020000800149aeaa70cbfd8cb56781ef2b5b2d3f249\
     c1b571a280280004e57a3bcf";
/// RFC 5769 section 2.2.
const RESPONSE_V4: &str = "0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000080001a147e112a643\
     000800142b91f599fd9e90c38c7489f92af9ba53f06be7d780280004c07d4c96";
/// RFC 5769 section 2.3.
const RESPONSE_V6: &str = "010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220002000140002a1470113a9fa\
     a5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf11784c97c8292c275bfe3ed4180280004c8fb0b4c";
/// RFC 5769 section 2.4.
const LONG_TERM_REQUEST: &str = "000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383e382afe382b900000015001c\
     662f2f3439396b39353464364f4c33346f4c394653547679363473410014000b6578616d706c652e6f72670000080014\
     f67024656dd64a3e02b8e0712e85c9a28ca89666";
/// RFC 8489 appendix B.1 with erratum 6268.
const SHA256_USERHASH: &str = "000100902112a44278ad3433c6ad72c029da412e001e00204a3cf38fef6992bda952c6780417da0f24819415569e60b2\
     05c46e41407f1704001500296f624d61744a6f733241414143662f2f3439396b39353464364f4c33346f4c3946535476\
     79363473410000000014000b6578616d706c652e6f726700001d000400020000001c0020b5c7bf005b6c52a21c51c5e8\
     92f81924136296cb927c43149309278cc6518e65";

const SHORT_TERM_PASSWORD: &[u8] = b"VOkJxbRl1RmTxUk/WvJxBt";
/// "Matrix" in katakana.
const USERNAME: &str = "\u{30DE}\u{30C8}\u{30EA}\u{30C3}\u{30AF}\u{30B9}";
/// After SASLprep.
const PASSWORD: &str = "TheMatrIX";
const REALM: &str = "example.org";

fn bytes(hex: &str) -> Vec<u8> {
    let pairs = (0..hex.len() / 2).map(|at| &hex[2 * at..2 * at + 2]);
    pairs
        .map(|pair| u8::from_str_radix(pair, 16).unwrap())
        .collect()
}

fn short_term() -> Key {
    let mut bytes = [0; 32];
    bytes[..SHORT_TERM_PASSWORD.len()].copy_from_slice(SHORT_TERM_PASSWORD);
    Key {
        bytes,
        length: SHORT_TERM_PASSWORD.len() as u8,
    }
}

/// Checks that the vector was signed with this key, and that no covered bit may change.
fn check(hex: &str, key: &Key, kind: MacKind) {
    let good = bytes(hex);
    let verdict = |bytes: &[u8]| {
        let message = Message::from_bytes(bytes).ok()?;
        Some(Integrity::find(&message)?.is_of(key, bytes))
    };
    let integrity = Integrity::find(&Message::from_bytes(&good).unwrap()).unwrap();
    assert_eq!(integrity.kind, kind);
    assert_eq!(verdict(&good), Some(true));
    for at in 0..integrity.offset {
        let mut bad = good.clone();
        bad[at] ^= 1;
        assert_ne!(verdict(&bad), Some(true), "byte {at}");
    }
}

/// Checks that our signature equals the vector's.
fn check_signed(hex: &str, key: &Key, kind: MacKind, with_fingerprint: bool) {
    let vector = bytes(hex);
    let end = Integrity::find(&Message::from_bytes(&vector).unwrap())
        .unwrap()
        .offset;
    let mut message = vector[..end].to_vec();
    key.sign(kind, &mut message);
    if with_fingerprint {
        push_fingerprint(&mut message);
    }
    assert_eq!(message, vector);
}

#[test]
fn turn2_rfc5769_short_term() {
    for vector in [SHORT_TERM_REQUEST, RESPONSE_V4, RESPONSE_V6] {
        check(vector, &short_term(), MacKind::Sha1);
        check_signed(vector, &short_term(), MacKind::Sha1, true);
    }
}

#[test]
fn turn2_rfc5769_long_term() {
    let key = Key::new(KeyKind::Md5, USERNAME, REALM, PASSWORD);
    check(LONG_TERM_REQUEST, &key, MacKind::Sha1);
    check_signed(LONG_TERM_REQUEST, &key, MacKind::Sha1, false);
}

#[test]
fn turn2_rfc8489_sha256_and_userhash() {
    let key = Key::new(KeyKind::Sha256, USERNAME, REALM, PASSWORD);
    check(SHA256_USERHASH, &key, MacKind::Sha256);
    check_signed(SHA256_USERHASH, &key, MacKind::Sha256, false);
    let vector = bytes(SHA256_USERHASH);
    let message = Message::from_bytes(&vector).unwrap();
    let hash: Userhash = message.attribute().unwrap();
    assert_eq!(*hash.hash(), Userhash::compute(USERNAME, REALM));
}

#[test]
fn turn1_rfc5769_mapped_addresses() {
    for (vector, address) in [
        (RESPONSE_V4, "192.0.2.1:32853"),
        (RESPONSE_V6, "[2001:db8:1234:5678:11:2233:4455:6677]:32853"),
    ] {
        let vector = bytes(vector);
        let message = Message::from_bytes(&vector).unwrap();
        let mapped: XorMappedAddress = message.attribute().unwrap();
        assert_eq!(
            mapped.addr(message.transaction_id()),
            address.parse().unwrap()
        );
    }
}

#[test]
fn turn2_a_truncated_mac_is_refused() {
    let key = Key::new(KeyKind::Sha256, USERNAME, REALM, PASSWORD);
    let mut message = bytes(SHA256_USERHASH);
    message.truncate(message.len() - 16);
    let length = message.len() as u16 - 20;
    message[2..4].copy_from_slice(&length.to_be_bytes());
    let end = message.len() - 16 - 4;
    message[end + 2..end + 4].copy_from_slice(&16u16.to_be_bytes());
    // The right first half, over the right length.
    let tag = key
        .mac::<Hmac<Sha256>>(&message[..end], 16)
        .finalize()
        .into_bytes();
    message[end + 4..].copy_from_slice(&tag[..16]);
    let parsed = Message::from_bytes(&message).unwrap();
    assert!(!Integrity::find(&parsed).unwrap().is_of(&key, &message));
}
