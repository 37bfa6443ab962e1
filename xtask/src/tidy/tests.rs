//! Plants each kind of breach in a copy of the workspace and looks for it.

use super::{
    Check, Finding, circles, comments, cores, files, imports, limits, modules, pointers, rules,
};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A copy of the workspace's own files: manifests, sources, scripts.
struct Copy {
    folder: TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let copy = Self { folder };
        for entry in fs::read_dir(crate::root()).unwrap() {
            copy.take(&entry.unwrap().path());
        }
        copy
    }

    fn take(&self, path: &Path) {
        let name = path.file_name().unwrap().to_str().unwrap();
        let outside = ["target", "node_modules", "dist", "shots", "fmz-data"].contains(&name);
        if outside || name.starts_with('.') || path.is_symlink() {
            return;
        }
        let copy = self.path(path.strip_prefix(crate::root()).unwrap());
        if path.is_dir() {
            fs::create_dir(&copy).unwrap();
            for entry in fs::read_dir(path).unwrap() {
                self.take(&entry.unwrap().path());
            }
        } else {
            fs::copy(path, &copy).unwrap();
        }
    }

    fn path(&self, relative: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(relative)
    }

    fn append(&self, relative: &str, text: &str) {
        let path = self.path(relative);
        let before = fs::read_to_string(&path).unwrap_or_default();
        fs::write(path, before + text).unwrap();
    }

    /// Replaces `text`, which must be present, by `by`.
    fn replace(&self, relative: &str, text: &str, by: &str) {
        let path = self.path(relative);
        let before = fs::read_to_string(&path).unwrap();
        assert!(before.contains(text), "{relative} has no {text}");
        fs::write(path, before.replacen(text, by, 1)).unwrap();
    }

    /// Returns the messages of a check's findings in one file.
    fn found(&self, check: Check, file: &str) -> Vec<String> {
        let mut found = check(self.folder.path()).unwrap();
        found.retain(|finding| finding.path == Path::new(file));
        found.into_iter().map(|finding| finding.message).collect()
    }
}

/// Appends `text` to `file` and returns the messages of the check's findings there.
fn planted(check: Check, file: &str, text: &str) -> Vec<String> {
    let copy = Copy::new();
    copy.append(file, text);
    copy.found(check, file)
}

#[track_caller]
fn caught(check: Check, file: &str, text: &str, expected: &str) {
    expect(&planted(check, file, text), expected);
}

#[track_caller]
fn expect(found: &[String], expected: &str) {
    let is_found = found.iter().any(|message| message.contains(expected));
    assert!(is_found, "not found: {expected}\nfound: {found:?}");
}

#[track_caller]
fn passed(check: Check, file: &str, text: &str) {
    assert_eq!(planted(check, file, text), Vec::<String>::new(), "{text}");
}

#[test]
fn tidy0_the_workspace_is_clean() {
    assert_eq!(super::check(crate::root()).unwrap(), Vec::<Finding>::new());
}

#[test]
fn tidy1_forbidden_imports_are_caught() {
    let cases = [
        (
            "proto/Cargo.toml",
            "fmz-media",
            "fmz-proto may not import fmz-media",
        ),
        (
            "sfu/server/Cargo.toml",
            "fmz-signaling-core",
            "fmz-sfu may not import fmz-signaling-core",
        ),
        (
            "signaling/server/Cargo.toml",
            "fmz-sfu",
            "fmz-signaling may not import fmz-sfu",
        ),
        (
            "client/Cargo.toml",
            "fmz-sfu-core",
            "fmz-client may not import fmz-sfu-core",
        ),
        (
            "sfu/core/Cargo.toml",
            "fmz-store",
            "fmz-sfu-core may not import fmz-store",
        ),
        (
            "signaling/core/Cargo.toml",
            "tokio",
            "the core fmz-signaling-core may not import tokio",
        ),
        (
            "annotation/Cargo.toml",
            "serde_json",
            "the core fmz-annotation may not import serde_json",
        ),
        (
            "signaling/core/Cargo.toml",
            "str0m",
            "fmz-signaling-core may not import str0m",
        ),
        (
            "sfu/server/Cargo.toml",
            "str0m",
            "fmz-sfu may not import str0m",
        ),
        (
            "sfu/server/Cargo.toml",
            "quinn-udp",
            "fmz-sfu may not import quinn-udp",
        ),
    ];
    for (manifest, import, expected) in cases {
        let table = format!("\n[target.'cfg(all())'.dependencies]\n{import}.workspace = true\n");
        caught(imports::check, manifest, &table, expected);
    }
}

#[test]
fn tidy2_a_crate_without_a_row_is_caught() {
    let copy = Copy::new();
    let manifest = fs::read_to_string(copy.path("net/Cargo.toml")).unwrap();
    fs::create_dir_all(copy.path("fmz/extra/src")).unwrap();
    let renamed = manifest.replace("\"fmz-net\"", "\"fmz-extra\"");
    fs::write(copy.path("fmz/extra/Cargo.toml"), renamed).unwrap();
    fs::write(copy.path("fmz/extra/src/lib.rs"), "").unwrap();
    let root = fs::read_to_string(copy.path("Cargo.toml")).unwrap();
    let root = root.replacen("members = [", "members = [ \"fmz/extra\",", 1);
    fs::write(copy.path("Cargo.toml"), root).unwrap();
    expect(
        &copy.found(imports::check, "fmz/extra/Cargo.toml"),
        "fmz-extra has no row in the table of imports",
    );
}

#[test]
fn tidy3_the_outside_world_in_a_core_is_caught() {
    let cases = [
        (
            "fn f() { let _ = std::time::Instant::now(); }",
            "Instant::now",
        ),
        ("use std::time::{Duration, SystemTime};", "SystemTime"),
        ("use std::net::{IpAddr, UdpSocket};", "UdpSocket"),
        (
            "fn f() { assert!(tokio::spawn(g()).is_finished()); }",
            "tokio",
        ),
        ("use std::{collections::BTreeMap, thread};", "std::thread"),
        ("use std::sync::{Arc, Mutex};", "Mutex"),
        ("struct S { s: std::sync::RwLock<u8> }", "RwLock"),
        ("use std::{fs::{self, File}, io};", "std::fs"),
        ("fn f() -> u8 { rand::random() }", "rand::random"),
        ("fn f() { let _ = rand::rng(); }", "rand::rng"),
        ("fn f() { let _ = rand::rngs::SysRng; }", "SysRng"),
        ("async fn f() {}", "async"),
    ];
    for core in ["annotation", "media", "sfu/core", "signaling/core"] {
        for (source, expected) in cases {
            caught(
                cores::check,
                &format!("{core}/src/planted.rs"),
                source,
                expected,
            );
        }
    }
}

#[test]
fn tidy4_tests_comments_and_strings_of_a_core_are_free() {
    let file = "media/src/planted.rs";
    passed(
        cores::check,
        file,
        "#[cfg(test)]\nmod tests { fn f() { std::time::Instant::now(); } }",
    );
    passed(
        cores::check,
        file,
        "#[test]\nfn f() { std::time::Instant::now(); }",
    );
    passed(
        cores::check,
        file,
        "/// Not `Instant::now()`.\n// nor SystemTime\nconst S: &str = \"Mutex\";",
    );
    passed(
        cores::check,
        file,
        "use std::time::{Duration, Instant};\nuse std::net::SocketAddr;",
    );
    caught(
        cores::check,
        file,
        "#[cfg(not(test))]\nfn f() { std::time::Instant::now(); }",
        "Instant::now",
    );
}

#[test]
fn tidy5_a_test_module_in_its_own_file_is_free() {
    let copy = Copy::new();
    copy.append("media/src/planted.rs", "#[cfg(test)]\nmod tests;\n");
    fs::create_dir(copy.path("media/src/planted")).unwrap();
    copy.append(
        "media/src/planted/tests.rs",
        "fn f() { std::time::Instant::now(); }",
    );
    let clean: [&str; 0] = [];
    assert_eq!(
        copy.found(cores::check, "media/src/planted/tests.rs"),
        clean
    );
    copy.append(
        "media/src/planted/more.rs",
        "fn f() { std::time::Instant::now(); }",
    );
    assert_eq!(
        copy.found(cores::check, "media/src/planted/more.rs").len(),
        1
    );
}

#[test]
fn tidy6_the_webrtc_library_outside_the_transport_is_caught() {
    caught(
        cores::check,
        "sfu/core/src/planted.rs",
        "pub fn f(_: str0m::Rtc) {}",
        "str0m stays within",
    );
    caught(
        cores::check,
        "sfu/core/src/planted.rs",
        "use {bytes::Bytes, str0m::media::Mid};",
        "str0m stays within",
    );
    passed(
        cores::check,
        "sfu/core/src/transport/planted.rs",
        "fn f(_: str0m::Rtc) {}",
    );
}

#[test]
fn tidy7_a_core_whose_bans_differ_is_caught() {
    for core in ["media", "sfu/core", "signaling/core", "turn-relay/core"] {
        let copy = Copy::new();
        let file = format!("{core}/clippy.toml");
        copy.replace(&file, "{ path = \"std::time::Instant::now\"", "# {");
        expect(
            &copy.found(cores::check, &file),
            "must be that of annotation",
        );
    }
    let copy = Copy::new();
    let file = "annotation/clippy.toml";
    copy.replace(file, "{ path = \"std::time::Instant::now\"", "# {");
    expect(
        &copy.found(cores::check, file),
        "clippy must ban std::time::Instant::now in a core",
    );
}

#[test]
fn tidy8_long_and_unfinished_files_are_caught() {
    caught(
        files::check,
        "net/src/planted.rs",
        &"// line\n".repeat(601),
        "601 lines",
    );
    passed(files::check, "net/src/planted.rs", &"// line\n".repeat(600));
    let words = [
        ("net/src/planted.rs", concat!("// TO", "DO: later")),
        ("proto/planted.proto", concat!("// FIX", "ME")),
        ("net/src/planted.rs", concat!("fn f() { to", "do!() }")),
        (
            "net/src/planted.rs",
            concat!("#[test]\n#[ig", "nore]\nfn f() {}"),
        ),
        ("scripts/planted.sh", concat!("# TO", "DO")),
        (
            "tests/e2e/planted.mjs",
            concat!("test.on", "ly('a', () => {})"),
        ),
    ];
    for (file, source) in words {
        caught(files::check, file, source, "unfinished");
    }
}

#[test]
fn tidy9_a_permit_that_nobody_uses_is_caught() {
    let copy = Copy::new();
    let manifest = "sfu/server/Cargo.toml";
    copy.replace(manifest, "fmz-net.workspace = true\n", "");
    expect(
        &copy.found(imports::check, manifest),
        "fmz-sfu may import fmz-net and does not",
    );
}

#[test]
fn tidy10_a_rule_that_stands_twice_or_out_of_order_is_caught() {
    let spec = "docs/SPEC-frames.md";
    let cases = [
        (
            "\n| frame3 | again | |\n",
            "frame3 stands at docs/SPEC-frames.md:",
        ),
        (
            "\n| turn3 | elsewhere | |\n",
            "turn3 stands at docs/SPEC-frames.md:",
        ),
        (
            "\n| zebra3 | new | |\n| zebra2 | new | |\n",
            "zebra2 stands behind zebra3",
        ),
        (
            "\n| zebra1, zebra2 to zebra4 | new | |\n",
            "no test carries zebra3",
        ),
    ];
    for (rows, expected) in cases {
        let copy = Copy::new();
        copy.append(spec, rows);
        let found = rules::check(copy.folder.path()).unwrap();
        let found: Vec<String> = found.into_iter().map(|finding| finding.message).collect();
        expect(&found, expected);
    }
}

#[test]
fn tidy11_a_rule_without_a_test_and_a_test_without_its_rule_are_caught() {
    let spec = "docs/SPEC-frames.md";
    let row = "\n| zebra1 to zebra3, zebra5 | new | |\n";
    for test in [
        concat!("fn ", "zebra1_to_zebra3_zebra5_hold() {}"),
        concat!("fn ", "zebra1_zebra2_zebra3_zebra5_hold() {}"),
    ] {
        let copy = Copy::new();
        copy.append(spec, row);
        copy.append("media/src/planted.rs", test);
        assert_eq!(
            copy.found(rules::check, spec),
            Vec::<String>::new(),
            "{test}"
        );
    }
    let copy = Copy::new();
    copy.append(spec, row);
    copy.append(
        "web/sdk/test/planted.test.ts",
        "test(\"zebra1, zebra2: hold\", () => {});\n",
    );
    let found = copy.found(rules::check, spec);
    let expected = ["zebra3", "zebra5"].map(|id| format!("no test carries {id} in its name"));
    assert_eq!(found, expected);
    caught(
        rules::check,
        "media/src/planted.rs",
        concat!("fn ", "frame99_holds() {}"),
        "a test carries frame99, which is no rule",
    );
}

#[test]
fn tidy12_a_pointer_to_nothing_is_caught() {
    let page = "ARCHITECTURE.md";
    let broken = [
        ("`net/src/gone.rs:f`", "there is no net/src/gone.rs"),
        (
            "`turn-relay/core/src/relay/data.rs:gone`",
            "defines no gone",
        ),
        (
            "`turn-relay/core/src/relay/data.rs:Gone::handle_peer`",
            "defines no Gone",
        ),
        ("`lib.rs:Sfu`", "lib.rs may be"),
        ("`sfu/gone`", "there is no sfu/gone"),
        ("`Sfu::gone`", "no function or type is called gone"),
    ];
    for (text, expected) in broken {
        caught(pointers::check, page, text, expected);
    }
    for text in [
        "`turn-relay/core/src/relay/data.rs:Relay::handle_peer`",
        "`relay/data.rs:handle_peer`",
        "`painter.ts:Painter`",
        "`sfu/core`, `@fmz/client`, `Sfu::handle_datagram`, `live`",
    ] {
        passed(pointers::check, page, text);
    }
    caught(
        pointers::check,
        "docs/use.md",
        "`net/src/gone.rs:f`",
        "there is no net/src/gone.rs",
    );
    passed(
        pointers::check,
        "docs/use.md",
        "`Other::thing`, `their/folder`",
    );
}

/// Plants two files that use each other's types, by a name that `lib.rs` re-exports.
fn plant_circle(copy: &Copy) {
    copy.append(
        "media/src/lib.rs",
        "\nmod one;\nmod other;\npub use one::One;\n",
    );
    copy.append(
        "media/src/one.rs",
        "use crate::other::Other;\npub struct One(Option<Box<Other>>);\n",
    );
    copy.append(
        "media/src/other.rs",
        "use crate::One;\npub struct Other(One);\n",
    );
}

#[test]
fn tidy13_a_new_circle_of_imports_is_caught() {
    let copy = Copy::new();
    plant_circle(&copy);
    let message = "in a circle: media/src/one.rs, media/src/other.rs";
    expect(&copy.found(circles::check, "media/src/one.rs"), message);
    copy.append(
        "xtask/circles.txt",
        "\n# Planted.\nmedia/src/one.rs\nmedia/src/other.rs\n",
    );
    let clean: [&str; 0] = [];
    assert_eq!(copy.found(circles::check, "media/src/one.rs"), clean);
    copy.append("media/src/third.rs", "");
    copy.append("xtask/circles.txt", "media/src/third.rs\n");
    expect(
        &copy.found(circles::check, "xtask/circles.txt"),
        "media/src/third.rs is in no circle any more",
    );
}

#[test]
fn tidy14_a_file_that_no_module_leads_to_is_caught() {
    let message = "no module leads to this file";
    caught(circles::check, "media/src/planted.rs", "fn f() {}", message);
    caught(
        circles::check,
        "annotation/tests/it/planted.rs",
        "fn f() {}",
        message,
    );
    let copy = Copy::new();
    copy.append("media/src/lib.rs", "\n#[cfg(test)]\nmod planted;\n");
    copy.append("media/src/planted.rs", "fn f() {}");
    let clean: [&str; 0] = [];
    assert_eq!(copy.found(circles::check, "media/src/planted.rs"), clean);
}

#[test]
fn tidy15_a_path_leads_to_the_file_that_defines_it() {
    let copy = Copy::new();
    plant_circle(&copy);
    let modules = modules::Modules::read(&copy.path("media/src/lib.rs")).unwrap();
    let at = |name: &str| {
        let file = copy.path(format!("media/src/{name}.rs"));
        modules
            .all
            .iter()
            .position(|module| module.file == file)
            .unwrap()
    };
    let resolve = |from: &str, path: &str| {
        let segments: Vec<String> = path.split("::").map(str::to_owned).collect();
        modules.resolve(at(from), &segments)
    };
    assert_eq!(resolve("other", "crate::One"), Some(at("one")));
    assert_eq!(resolve("other", "super::One::new"), Some(at("one")));
    assert_eq!(resolve("lib", "one::One"), Some(at("one")));
    assert_eq!(resolve("one", "crate::Unknown"), Some(at("lib")));
    assert_eq!(resolve("one", "std::fmt"), None);
}

#[test]
fn tidy16_bounds_that_differ_between_rust_and_the_page_are_caught() {
    let page = "web/sdk/src/core/limits.ts";
    let changes = [
        (
            "COORDINATE_MAX = 16 *",
            "COORDINATE_MAX = 17 *",
            "COORDINATE_MAX is 278528 here and 262144 in Rust",
        ),
        (
            "LIVE_LIFETIME_MS = 100",
            "LIVE_LIFETIME_MS = 110",
            "LIVE_LIFETIME_MS is 110 here and 100 in Rust",
        ),
        (
            "NAME_BYTES_MAX = 64",
            "NAME_BYTES_MAX = sixtyFour()",
            "NAME_BYTES_MAX is unreadable here",
        ),
        (
            "WIDTH_MAX =",
            "BREADTH_MAX =",
            "BREADTH_MAX stands in none of",
        ),
    ];
    for (text, by, expected) in changes {
        let copy = Copy::new();
        copy.replace(page, text, by);
        expect(&copy.found(limits::check, page), expected);
    }
    let copy = Copy::new();
    copy.replace(
        "proto/src/limits.rs",
        "TEXT_BYTES_MAX: usize = 4096",
        "TEXT_BYTES_MAX: usize = 1 << 13",
    );
    expect(
        &copy.found(limits::check, page),
        "TEXT_BYTES_MAX is 4096 here and 8192 in Rust",
    );
}

#[test]
fn tidy17_comments_that_are_too_wide_are_caught() {
    let wide = "a ".repeat(60);
    let message = "columns; 100 at most";
    let cases = [
        ("net/src/planted.rs", format!("/// {wide}")),
        ("net/src/planted.rs", format!("    // {wide}")),
        ("proto/planted.proto", format!("// {wide}")),
        ("web/sdk/src/planted.ts", format!("/**\n * {wide}\n */")),
        ("scripts/planted", format!("# {wide}")),
        ("scripts/planted.sh", format!("# {wide}")),
    ];
    for (file, text) in cases {
        caught(comments::check, file, &text, message);
    }
    let word = "a".repeat(120);
    for text in [
        format!("/// https://{word}"),
        format!("/// | {wide} |"),
        format!("const A: &str = \"{wide}\";"),
        format!("/// {}", "ä ".repeat(48)),
    ] {
        passed(comments::check, "net/src/planted.rs", &text);
    }
}
