#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| fmz_fuzz::run("turn_relay", data));
