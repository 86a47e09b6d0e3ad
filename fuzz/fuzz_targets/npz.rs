//! Archives of arrays.

#![no_main]

#[path = "../../tests/common/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| drop(readers::npz(bytes)));
