//! LMDB files of crops.

#![no_main]

#[path = "../../tests/common/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(readers::lmdb(bytes)));
