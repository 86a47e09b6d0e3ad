//! Tables of features in text.

#![no_main]

#[path = "../../tests/common/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(readers::csv(bytes)));
