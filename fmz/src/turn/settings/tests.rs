use super::*;

fn said(settings: Settings) -> String {
    match settings.check() {
        Err(Failure::Setting(line)) => line,
        other => panic!("expected a refused setting, got {other:?}"),
    }
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

#[test]
fn the_relay_needs_no_settings() {
    let config = Settings::default().check().unwrap();
    let usual = "0.0.0.0:3478".parse().unwrap();
    assert_eq!(config.listen, Listen::IfFree(usual));
    assert_eq!(config.ports, 49152..=65535);
    assert_eq!(config.mode, PolicyMode::Platform);
}

#[test]
fn what_is_typed_wins_over_the_file() {
    let file = Settings {
        turn_realm: text("file"),
        turn_listen: text("off"),
        ..Settings::default()
    };
    let typed = Settings {
        turn_realm: text("typed"),
        ..Settings::default()
    };
    let config = typed.over(&file).check().unwrap();
    assert_eq!(
        (config.realm.as_str(), config.listen),
        ("typed", Listen::Off)
    );
}

#[test]
fn peers_are_addresses_networks_or_one_port() {
    let rule = |text: &str| peer(text).unwrap();
    assert_eq!(rule("203.0.113.7:7882").ports, 7882..=7882);
    assert_eq!(rule("[2001:db8::1]:9").ports, 9..=9);
    assert_eq!(rule("10.0.0.0/8").ports, 0..=u16::MAX);
}

#[test]
fn bad_values_name_their_setting() {
    macro_rules! refused {
        ($($name:ident: $value:expr),* $(,)?) => {
            $({
                let settings = Settings { $name: Some($value), ..Settings::default() };
                let line = said(settings);
                assert!(line.starts_with(concat!(stringify!($name), ": ")), "{line}");
            })*
        };
    }
    let list = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>();
    refused! {
        turn_listen: "here".into(),
        turn_relay_ports: "50000".into(),
        turn_relay_ports: "60000-50000".into(),
        turn_relay_ports: "80-90".into(),
        turn_relay_addresses: list(&["192.0.2.1", "192.0.2.2"]),
        turn_relay_addresses: list(&["here"]),
        turn_external: "stun.example.com".into(),
        turn_realm: "two words".into(),
        turn_secrets: list(&["short"]),
        turn_secrets: vec!["a secret of enough length".to_owned(); 5],
        turn_policy: "everyone".into(),
        turn_peers: list(&["10.0.0.0/99"]),
        turn_edges: list(&["turn:edge.example.com"]),
        turn_alternate: "203.0.113.7".into(),
        turn_shards: 0,
        turn_user_pps: 0,
        turn_drain: "49h".into(),
    }
}
