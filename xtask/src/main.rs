//! Structure check and wasm packaging.
fn main() {}
