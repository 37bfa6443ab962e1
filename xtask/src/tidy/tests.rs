//! Plants each kind of breach in a copy of the workspace and looks for it.

use super::{Finding, check};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
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

    fn check(&self) -> Vec<Finding> {
        check(self.folder.path()).unwrap()
    }

    /// What is found now and stands in no unharmed copy.
    fn check_new(&self) -> Vec<Finding> {
        static UNHARMED: OnceLock<Vec<Finding>> = OnceLock::new();
        let unharmed = UNHARMED.get_or_init(|| Self::new().check());
        let mut found = self.check();
        found.retain(|finding| !unharmed.contains(finding));
        found
    }
}

/// Appends `text` to `file` and gives what is found in it then and was not found before.
#[track_caller]
fn planted(file: &str, text: &str) -> Vec<String> {
    let copy = Copy::new();
    copy.append(file, text);
    let mut found = copy.check_new();
    found.retain(|finding| finding.path == Path::new(file));
    found.into_iter().map(|finding| finding.message).collect()
}

#[track_caller]
fn caught(file: &str, text: &str, expected: &str) {
    let found = planted(file, text);
    assert!(
        found.iter().any(|message| message.contains(expected)),
        "planted in {file}: {text}\nfound: {found:?}"
    );
}

#[track_caller]
fn passed(file: &str, text: &str) {
    assert_eq!(planted(file, text), Vec::<String>::new(), "{text}");
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
        caught(manifest, &table, expected);
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
    let messages: Vec<String> = copy
        .check()
        .into_iter()
        .map(|found| found.message)
        .collect();
    assert!(messages.contains(&"fmz-extra has no row in the table of imports".to_owned()));
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
            caught(&format!("{core}/src/planted.rs"), source, expected);
        }
    }
}

#[test]
fn tidy4_tests_comments_and_strings_of_a_core_are_free() {
    let file = "media/src/planted.rs";
    passed(
        file,
        "#[cfg(test)]\nmod tests { fn f() { std::time::Instant::now(); } }",
    );
    passed(file, "#[test]\nfn f() { std::time::Instant::now(); }");
    passed(
        file,
        "/// Not `Instant::now()`.\n// nor SystemTime\nconst S: &str = \"Mutex\";",
    );
    passed(
        file,
        "use std::time::{Duration, Instant};\nuse std::net::SocketAddr;",
    );
    caught(
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
    assert_eq!(copy.check_new(), []);
    copy.append(
        "media/src/planted/more.rs",
        "fn f() { std::time::Instant::now(); }",
    );
    assert_eq!(copy.check_new().len(), 1);
}

#[test]
fn tidy6_the_webrtc_library_outside_the_transport_is_caught() {
    caught(
        "sfu/core/src/planted.rs",
        "pub fn f(_: str0m::Rtc) {}",
        "str0m stays within",
    );
    caught(
        "sfu/core/src/planted.rs",
        "use {bytes::Bytes, str0m::media::Mid};",
        "str0m stays within",
    );
    let copy = Copy::new();
    fs::create_dir_all(copy.path("sfu/core/src/transport")).unwrap();
    copy.append(
        "sfu/core/src/transport/planted.rs",
        "fn f(_: str0m::Rtc) {}",
    );
    assert_eq!(copy.check_new(), []);
}

#[test]
fn tidy7_a_core_without_clippys_bans_is_caught() {
    for core in ["annotation", "media", "sfu/core", "signaling/core"] {
        let copy = Copy::new();
        let path = copy.path(core).join("clippy.toml");
        let text = fs::read_to_string(&path).unwrap();
        let harmed = text.replace("{ path = \"std::time::Instant::now\"", "# {");
        fs::write(&path, harmed).unwrap();
        let found = copy.check_new();
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(
            found[0].message,
            "clippy must ban std::time::Instant::now in a core"
        );
    }
}

#[test]
fn tidy8_long_and_unfinished_files_are_caught() {
    caught("net/src/planted.rs", &"// line\n".repeat(601), "601 lines");
    passed("net/src/planted.rs", &"// line\n".repeat(600));
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
        caught(file, source, "unfinished");
    }
}
