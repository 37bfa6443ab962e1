//! Compiles the schema without protoc.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files =
        ["annotation", "session", "link", "store"].map(|name| format!("fmz/v1/{name}.proto"));
    println!("cargo:rerun-if-changed=fmz");
    let descriptors = protox::compile(files, ["."])?;
    prost_build::Config::new()
        .bytes(["."])
        .btree_map(["."])
        .compile_fds(descriptors)?;
    Ok(())
}
