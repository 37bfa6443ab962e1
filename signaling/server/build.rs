//! Makes the folder of the built web application, so that this crate compiles
//! before the page was built.

use std::{env, fs, path::Path};

fn main() {
    let root = env::var("CARGO_MANIFEST_DIR").expect("cargo sets it");
    let dist = Path::new(&root).join("../../web/review/dist");
    fs::create_dir_all(&dist).expect("the source tree is writable while it is being built");
    println!("cargo:rerun-if-changed={}", dist.display());
}
