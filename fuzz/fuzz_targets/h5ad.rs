//! h5ad files.

#![no_main]

#[path = "../../tests/common/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(readers::h5ad(bytes)));
