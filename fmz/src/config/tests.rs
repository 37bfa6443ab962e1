use super::file::parse_file;
use super::variables::check_variables;
use super::*;

fn said(result: Result<Config, Failure>) -> String {
    match result {
        Err(Failure::Setting(line)) => line,
        other => panic!("expected a refused setting, got {other:?}"),
    }
}

#[test]
fn defaults_need_no_configuration() {
    let config = join(&Settings::default(), File::default()).unwrap();
    assert_eq!(config.listen.to_string(), "127.0.0.1:7880");
    assert_eq!(config.tls, Tls::Off);
    assert_eq!(config.room, RoomLimits::default());
}

#[test]
fn a_flag_wins_over_the_file() {
    let file = parse_file(
        "f",
        "listen = \"127.0.0.1:1\"\nmedia_listen = \"127.0.0.1:2\"",
    )
    .unwrap();
    let typed = Settings {
        listen: Some("127.0.0.1:3".into()),
        ..Settings::default()
    };
    let config = join(&typed, file).unwrap();
    assert_eq!((config.listen.port(), config.media_listen.port()), (3, 2));
}

#[test]
fn every_bound_of_a_room_is_a_key_of_the_file() {
    let text = "participants_max = 1\nops_per_s = 2\nops_burst = 3\nroom_ops_per_s = 4\n\
                room_ops_burst = 5\nauto_commit = \"1h\"";
    let file = parse_file("f", text).unwrap();
    let set = join(&Settings::default(), file).unwrap().room;
    assert_eq!(
        (set.participants_max, set.ops_per_s, set.ops_burst),
        (1, 2, 3)
    );
    assert_eq!((set.room_ops_per_s, set.room_ops_burst), (4, 5));
    assert_eq!(set.auto_commit.as_secs(), 3600);
}

#[test]
fn an_unknown_key_is_one_line_with_its_place() {
    let Err(Failure::Setting(line)) = parse_file("fmz.toml", "log = \"info\"\nlisen = \"x\"")
    else {
        panic!("taken")
    };
    assert!(
        line.starts_with("fmz.toml line 2: unknown field `lisen`"),
        "{line}"
    );
}

#[test]
fn an_unknown_variable_is_refused() {
    let names = ["PATH", "FMZ_LOG", "FMZ_LISEN"].map(String::from);
    let Err(Failure::Setting(line)) = check_variables(names.into_iter()) else {
        panic!("taken")
    };
    assert!(line.starts_with("FMZ_LISEN: no such setting"), "{line}");
}

#[test]
fn bad_values_name_their_setting() {
    let cases: [(&str, Settings); 7] = [
        (
            "listen: \"127.0.0.1:99999\"",
            Settings {
                listen: Some("127.0.0.1:99999".into()),
                ..Default::default()
            },
        ),
        (
            "media_listen: \"7882\"",
            Settings {
                media_listen: Some("7882".into()),
                ..Default::default()
            },
        ),
        (
            "public_addresses: \"here\"",
            Settings {
                public_addresses: Some(vec!["here".into()]),
                ..Default::default()
            },
        ),
        (
            "allowed_origins: \"*\"",
            Settings {
                allowed_origins: Some(vec!["*".into()]),
                ..Default::default()
            },
        ),
        (
            "proxy_protocol_from: \"10.0.0.0/99\"",
            Settings {
                proxy_protocol_from: Some(vec!["10.0.0.0/99".into()]),
                ..Default::default()
            },
        ),
        (
            "connections_per_source: 0 is not",
            Settings {
                connections_per_source: Some(0),
                ..Default::default()
            },
        ),
        (
            "tls_certificate: needs",
            Settings {
                tls_certificate: Some("c".into()),
                ..Default::default()
            },
        ),
    ];
    for (start, typed) in cases {
        let line = said(join(&typed, File::default()));
        assert!(line.starts_with(start), "{line}");
    }
}
