//! Readers against files with random changes: bytes flipped, filled, moved, cut off or repeated.
//!
//! Each reader gets a second; `PERTURBOOK_FUZZ_SECONDS=600 cargo test --test mutations` gives it ten minutes, and
//! `PERTURBOOK_FUZZ_SEED` other changes. A read may succeed or fail, but must return in two seconds, within half a
//! gigabyte, and without a panic. A file that does not is kept, and its path is in the message.

mod common;
#[path = "common/readers.rs"]
mod readers;
#[path = "common/refusal.rs"]
mod refusal;

use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use common::shared_file;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use readers::READERS;
use refusal::{TIME, check_memory, timed};

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Changes `bytes` in one to four places.
fn mutate(bytes: &mut Vec<u8>, rng: &mut ChaCha8Rng) {
    for _ in 0..rng.random_range(1..=4) {
        if bytes.len() < 16 {
            return;
        }
        let at = rng.random_range(0..bytes.len() - 8);
        match rng.random_range(0..9) {
            0 => bytes[at] ^= 1 << rng.random_range(0..8),
            1 => bytes[at] = rng.random(),
            2 => bytes[at..at + 4].fill(0xff),
            3 => bytes[at..at + 8].fill(0xff),
            4 => bytes[at..at + 8].fill(0),
            5 => bytes[at..at + 4].copy_from_slice(&rng.random_range(0..100_000u32).to_le_bytes()),
            6 => {
                let from = rng.random_range(0..bytes.len() - 8);
                bytes.copy_within(from..from + 8, at);
            }
            7 if rng.random_range(0..4) == 0 => bytes.truncate(at),
            _ => {
                let end = (at + rng.random_range(1..64)).min(bytes.len());
                let some = bytes[at..end].to_vec();
                bytes.splice(at..at, some);
            }
        }
    }
}

/// The files of `fuzz/corpus` for a reader.
fn corpus(name: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|path| fs::read(path).unwrap()).collect()
}

/// Reads changed copies of the corpus, and of these shared files, until the time is over.
fn mutations(name: &str, shared: &[&str]) {
    let (_, read) = READERS.into_iter().find(|(known, _)| *known == name).unwrap();
    let mut good = corpus(name);
    good.extend(shared.iter().filter_map(|path| shared_file(path)).map(|path| fs::read(path).unwrap()));
    let time = Duration::from_secs(setting("PERTURBOOK_FUZZ_SECONDS", 1));
    let mut rng = ChaCha8Rng::seed_from_u64(setting("PERTURBOOK_FUZZ_SEED", 1));
    let start = Instant::now();
    let (mut runs, mut failed, mut slowest) = (0u64, 0u64, Duration::ZERO);
    while start.elapsed() < time {
        for bytes in &good {
            let mut bytes = bytes.clone();
            mutate(&mut bytes, &mut rng);
            let (result, took) = timed(|| catch_unwind(|| read(&bytes)));
            let keep = || {
                let kept = std::env::temp_dir().join(format!("perturbook-finding-{name}-{runs}"));
                fs::write(&kept, &bytes).unwrap();
                kept
            };
            let Ok(result) = result else { panic!("{name}: a panic, see {}", keep().display()) };
            assert!(took < TIME, "{name}: {took:?}, see {}", keep().display());
            if let Err(e) = result {
                failed += 1;
                // Of the decoder behind parquet it is known that it panics on some damaged pages.
                assert!(
                    name == "parquet" || !e.to_string().contains("cannot be decoded"),
                    "{name}: a panic inside, see {}",
                    keep().display()
                );
            }
            runs += 1;
            slowest = slowest.max(took);
        }
    }
    check_memory(name);
    println!("{name}: {runs} changed files, {failed} refused, the slowest took {slowest:?}");
}

#[test]
fn changed_h5ad_files_are_read_or_refused() {
    let names = ["TM_droplet_mat.h5ad", "adata_v0.11.4.h5ad", "adata_v0.7.8.h5ad", "t-cells.h5ad"];
    let shared = names.map(|name| format!("data/formats/h5ad/{name}"));
    mutations("h5ad", &shared.each_ref().map(String::as_str));
}

#[test]
fn changed_10x_files_are_read_or_refused() {
    mutations("tenx_h5", &["data/formats/tenx/3.0.0_filtered_feature_bc_matrix.h5"]);
}

#[test]
fn changed_10x_folders_are_read_or_refused() {
    mutations("tenx_mtx", &[]);
}

#[test]
fn changed_arrays_of_numpy_are_read_or_refused() {
    mutations("npy", &[]);
    mutations("npz", &[]);
}

#[test]
fn changed_safetensors_are_read_or_refused() {
    mutations("safetensors", &[]);
}

#[test]
fn changed_tables_of_features_are_read_or_refused() {
    mutations("csv", &[]);
    mutations("parquet", &[]);
}

#[test]
fn changed_pictures_are_read_or_refused() {
    mutations("png", &[]);
    mutations("tiff", &[]);
}

#[test]
fn changed_stores_of_images_are_read_or_refused() {
    mutations("lmdb", &[]);
    mutations("image_store", &[]);
}
