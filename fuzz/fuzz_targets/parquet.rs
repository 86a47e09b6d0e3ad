//! Tables of features in parquet.

#![no_main]

#[path = "../../tests/common/readers.rs"]
mod readers;

libfuzzer_sys::fuzz_target!(init: readers::let_decoders_panic(), |bytes: &[u8]| drop(readers::parquet(bytes)));
