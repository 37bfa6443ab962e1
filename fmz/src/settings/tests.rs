use super::file::File;
use super::sources::check_variables;
use super::*;
use crate::exit::Failure;
use clap::FromArgMatches;
use std::collections::BTreeSet;

/// Names on which operators rely, one setting a line. No name may ever leave this list.
const NAMES: &str = include_str!("../../tests/settings.txt");
const HANDBOOK: &str = include_str!("../../../docs/operate.md");

/// Reads flags and a file, but not the environment in which the test runs.
fn read(flags: &[&str], file: &str) -> Result<Settings, Failure> {
    let table = Settings::table().mut_args(|setting| setting.env(None::<&'static str>));
    let given = table.try_get_matches_from([&["fmz"][..], flags].concat())?;
    let mut settings = Settings::from_arg_matches(&given)?;
    settings.complete_from(Some(&File::new(file)), &given)?;
    Ok(settings)
}

fn refused(flags: &[&str], file: &str) -> String {
    match read(flags, file) {
        Err(Failure::Setting(line)) => line,
        other => panic!("expected a refused setting, got {other:?}"),
    }
}

#[test]
fn defaults_need_no_configuration() {
    let settings = read(&[], "").unwrap();
    assert_eq!(settings.listen.to_string(), "127.0.0.1:7880");
    assert!(!settings.is_secured() && settings.runs_rooms() && settings.runs_relay());
    assert_eq!(settings.room.auto_commit, RoomLimits::default().auto_commit);
    assert_eq!(settings.turn.turn_listen, None);
    assert_eq!(settings.turn.turn_relay_ports, 49152..=65535);
    assert_eq!(settings.turn.turn_policy, PolicyMode::Platform);
}

#[test]
fn a_flag_wins_over_the_file_and_the_file_over_the_default() {
    let file = "listen = \"127.0.0.1:1\"\nmedia_listen = \"127.0.0.1:2\"\n\
                turn_realm = \"file\"\nturn_listen = \"off\"\ntls_self_signed = true";
    let flags = ["--listen", "127.0.0.1:3", "--turn-realm", "typed"];
    let settings = read(&flags, file).unwrap();
    let ports = [
        settings.listen.port(),
        settings.media_listen.port(),
        settings.admin_listen.port(),
    ];
    assert_eq!(ports, [3, 2, 7881]);
    assert_eq!(settings.turn.turn_realm, "typed");
    assert_eq!(settings.turn.turn_listen, Some(Listen::Off));
    assert!(settings.tls_self_signed);
    assert!(
        !read(&["--tls-self-signed=false"], file)
            .unwrap()
            .tls_self_signed
    );
    assert!(read(&["--tls-self-signed"], "").unwrap().tls_self_signed);
}

#[test]
fn lists_are_parted_by_commas_in_a_flag_and_written_as_lists_in_the_file() {
    let flags = ["--public-addresses", "192.0.2.1,192.0.2.2"];
    let again = ["--public-addresses", "192.0.2.3"];
    let file = "public_addresses = [\"192.0.2.9\"]\nturn_secrets = [\"one secret, with a comma\"]";
    let settings = read(&[flags, again].concat(), file).unwrap();
    assert_eq!(settings.public_addresses.len(), 3);
    assert_eq!(settings.turn.turn_secrets[0].0, "one secret, with a comma");
    assert_eq!(settings.turn.turn_secrets.len(), 1);
    assert_eq!(read(&[], file).unwrap().public_addresses.len(), 1);
    assert!(read(&[], "public_addresses = []").is_ok());
}

#[test]
fn a_rooms_bounds_are_keys_of_the_file() {
    let text = "participants_max = 1\nops_per_s = 2\nops_burst = 3\nroom_ops_per_s = 4\n\
                room_ops_burst = 5\nauto_commit = \"1h\"";
    let set = read(&[], text).unwrap().room;
    let numbers = (
        set.ops_per_s,
        set.ops_burst,
        set.room_ops_per_s,
        set.room_ops_burst,
    );
    assert_eq!((set.participants_max, numbers), (1, (2, 3, 4, 5)));
    assert_eq!(set.auto_commit.as_secs(), 3600);
    let off = read(&["--auto-commit", "off"], text).unwrap().room;
    assert!(off.auto_commit.is_zero());
}

#[test]
fn a_refusal_names_the_setting_and_says_what_is_allowed() {
    let secret = "a secret of enough length";
    let five = [secret; 5].join(",");
    let edges = ["turn:a"; 5].join(",");
    let cases = [
        (
            "--listen",
            "127.0.0.1:99999",
            "\"127.0.0.1:99999\" is not an address",
        ),
        (
            "--media-listen",
            "7882",
            "\"7882\" is not an address with a port",
        ),
        (
            "--public-addresses",
            "here",
            "\"here\" is not an IP address",
        ),
        (
            "--public-url",
            "review.example.com",
            "\"review.example.com\" is not an origin such",
        ),
        (
            "--allowed-origins",
            "*",
            "\"*\" is not an origin such as https://",
        ),
        (
            "--proxy-protocol-from",
            "10.0.0.0/99",
            "\"10.0.0.0/99\" is not an address or",
        ),
        (
            "--connections-per-source",
            "0",
            "0 is not a whole number from 1 to 32768",
        ),
        (
            "--connections-per-source",
            "many",
            "\"many\" is not a whole number from 1 to 32768",
        ),
        ("--log-format", "xml", "\"xml\" is neither text nor json"),
        ("--tls-certificate", "c", "needs tls_key beside it"),
        ("--tls-key", "k", "needs tls_certificate beside it"),
        (
            "--roles",
            "relay",
            "\"relay\" is none of signaling, sfu, turn",
        ),
        ("--roles", "sfu", "signaling and sfu go together"),
        (
            "--participants-max",
            "0",
            "0 is not a whole number from 1 to 10000",
        ),
        (
            "--participants-max",
            "10001",
            "10001 is not a whole number from 1 to 10000",
        ),
        (
            "--ops-per-s",
            "0",
            "0 is not a whole number from 1 to 1000000",
        ),
        ("--ops-burst", "1000001", "1000001 is not a whole number"),
        ("--room-ops-per-s", "0", "0 is not a whole number"),
        ("--room-ops-burst", "0", "0 is not a whole number"),
        (
            "--auto-commit",
            "4s",
            "\"4s\" is neither off nor a time such as 90s",
        ),
        ("--auto-commit", "25h", "\"25h\" is neither off nor a time"),
        (
            "--turn-listen",
            "here",
            "\"here\" is not off or an address with a port",
        ),
        (
            "--turn-tls-listen",
            "443",
            "\"443\" is not an address with a port",
        ),
        (
            "--turn-relay-ports",
            "50000",
            "\"50000\" is not a range of ports",
        ),
        (
            "--turn-relay-ports",
            "60000-50000",
            "\"60000-50000\" is not a range",
        ),
        (
            "--turn-relay-ports",
            "80-90",
            "\"80-90\" is not a range of ports such as 49152-65535",
        ),
        (
            "--turn-relay-addresses",
            "here",
            "\"here\" is not an IP address",
        ),
        (
            "--turn-relay-addresses",
            "192.0.2.1,192.0.2.2",
            "one of IPv4 and one of IPv6",
        ),
        (
            "--turn-external",
            "stun.example.com",
            "\"stun.example.com\" is not a STUN server",
        ),
        (
            "--turn-realm",
            "two words",
            "\"two words\" is not 1 to 128 letters",
        ),
        (
            "--turn-secrets",
            "short",
            "each must have 16 characters or more",
        ),
        ("--turn-secrets", &five, "4 at most"),
        (
            "--turn-policy",
            "everyone",
            "\"everyone\" is none of platform, public, list",
        ),
        (
            "--turn-peers",
            "10.0.0.0/99",
            "\"10.0.0.0/99\" is not a peer such as",
        ),
        (
            "--turn-edges",
            "edge.example.com",
            "\"edge.example.com\" is not a relay such as",
        ),
        (
            "--turn-edges",
            "turn:edge.example.com",
            "needs turn_secrets, which relays",
        ),
        ("--turn-edges", &edges, "4 at most"),
        (
            "--turn-alternate",
            "203.0.113.7",
            "\"203.0.113.7\" is not an address",
        ),
        ("--turn-shards", "0", "0 is not a whole number from 1 to 64"),
        (
            "--turn-user-allocations",
            "0",
            "0 is not a whole number from 1 on",
        ),
        ("--turn-user-bps", "0", "0 is not a whole number from 1 on"),
        ("--turn-user-pps", "0", "0 is not a whole number from 1 on"),
        (
            "--turn-allocations-max",
            "0",
            "0 is not a whole number from 1 on",
        ),
        (
            "--turn-total-bps",
            "-1",
            "\"-1\" is not a whole number from 1 on",
        ),
        (
            "--turn-drain",
            "49h",
            "\"49h\" is not a time such as 30s or 10m, 48h at most",
        ),
    ];
    for (flag, value, why) in cases {
        let line = refused(&[format!("{flag}={value}").as_str()], "");
        let key = flag.trim_start_matches("--").replace('-', "_");
        assert!(line.starts_with(&format!("{key}: {why}")), "{line}");
    }
    let both = ["--tls-certificate=c", "--tls-key=k", "--tls-self-signed"];
    let line = refused(&both, "");
    assert!(
        line.starts_with("tls_self_signed: not beside tls_certificate"),
        "{line}"
    );
}

#[test]
fn a_refusal_of_the_file_names_its_line() {
    let cases = [
        (
            "lisen = \"x\"",
            "unknown field `lisen`; fmz.toml may hold roles, listen, ",
        ),
        (
            "config = \"x\"",
            "unknown field `config`; fmz.toml may hold roles",
        ),
        (
            "listen = \"x\"",
            "listen: \"x\" is not an address with a port",
        ),
        ("turn_realm = 7", "turn_realm: must be a text in quotes"),
        (
            "turn_shards = \"7\"",
            "turn_shards: must be a whole number, without quotes",
        ),
        (
            "turn_shards = 65",
            "turn_shards: 65 is not a whole number from 1 to 64",
        ),
        (
            "tls_self_signed = \"yes\"",
            "tls_self_signed: must be true or false",
        ),
        (
            "roles = \"turn\"",
            "roles: must be a list of texts, such as [\"a\", \"b\"]",
        ),
        ("roles = [7]", "roles: must be a list of texts"),
        ("roles = []", "roles: must name one at least"),
        ("[turn]", "unknown field `turn`"),
        ("listen", ""),
    ];
    for (text, why) in cases {
        let line = refused(&[], &format!("log = \"info\"\n{text}\n"));
        assert!(
            line.starts_with(&format!("fmz.toml line 2: {why}")),
            "{line}"
        );
    }
}

#[test]
fn an_unknown_variable_is_refused() {
    let names = ["PATH", "FMZ_LOG", "FMZ_LISEN"].map(String::from);
    let Err(Failure::Setting(line)) = check_variables(names, &Settings::table()) else {
        panic!("taken")
    };
    assert!(line.starts_with("FMZ_LISEN: no such setting"), "{line}");
    assert!(line.contains("FMZ_LISTEN, FMZ_LOG"), "{line}");
}

#[test]
fn a_setting_is_called_the_same_everywhere() {
    for line in reference::names().lines() {
        let [key, flag, variable] = line.split(' ').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        assert_eq!(flag, format!("--{}", key.replace('_', "-")));
        assert_eq!(variable, format!("FMZ_{}", key.to_uppercase()));
    }
}

#[test]
fn every_name_that_was_promised_still_works() {
    let promised: BTreeSet<_> = NAMES.lines().collect();
    let names = reference::names();
    let working: BTreeSet<_> = names.lines().collect();
    let lost: Vec<_> = promised.difference(&working).collect();
    assert!(lost.is_empty(), "operators rely on {lost:?}");
    let new: Vec<_> = working.difference(&promised).collect();
    assert!(
        new.is_empty(),
        "run `cargo xtask settings`, which notes {new:?}"
    );
}

#[test]
fn the_handbook_has_the_reference_of_this_table() {
    let (_, rest) = HANDBOOK.split_once("<!-- settings -->\n").expect("begins");
    let (written, _) = rest.split_once("<!-- end of settings -->").expect("ends");
    assert!(
        written.trim() == reference::markdown().trim(),
        "docs/operate.md is of another table: run `cargo xtask settings`"
    );
}

#[test]
fn every_setting_has_help_in_one_line() {
    let cells = |line: &str| line.replace("\\|", "").matches('|').count();
    let page = reference::markdown();
    for line in page.lines().filter(|line| line.starts_with("| `")) {
        assert_eq!(cells(line), 6, "{line}");
        assert!(
            !line.ends_with("|  |") && !line.contains("[default"),
            "{line}"
        );
    }
}
