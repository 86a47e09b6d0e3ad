//! Every file of `fuzz/corpus` through its reader: no panic, two seconds, half a gigabyte.
//!
//! The files are small ones of our own writers, which `PERTURBOOK_BLESS=1 cargo test --test corpus` writes where they are
//! missing, and those that a fuzz target once stumbled over.

#[path = "common/lmdb_bytes.rs"]
mod lmdb_bytes;
#[path = "common/readers.rs"]
mod readers;
#[path = "common/refusal.rs"]
mod refusal;
#[path = "common/seeds.rs"]
mod seeds;
#[path = "common/tiff_bytes.rs"]
mod tiff_bytes;

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use readers::READERS;
use refusal::{check_memory, soon};

/// Bytes of the largest file: larger ones slow every run of the fuzzer.
const LARGEST: u64 = 32 << 10;

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz")
}

fn names(folder: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// Writes the seeds that are missing, when asked to.
static BLESSED: LazyLock<()> = LazyLock::new(|| {
    if std::env::var_os("PERTURBOOK_BLESS").is_none() {
        return;
    }
    for (name, _) in READERS {
        let folder = fuzz().join("corpus").join(name);
        fs::create_dir_all(&folder).unwrap();
        for (file, bytes) in seeds::seeds(name).into_iter().filter(|(file, _)| !folder.join(file).exists()) {
            fs::write(folder.join(file), bytes).unwrap();
        }
    }
});

#[test]
fn every_reader_has_a_target_and_its_seeds() {
    let targets: BTreeSet<String> = READERS.iter().map(|(name, _)| format!("{name}.rs")).collect();
    assert_eq!(names(&fuzz().join("fuzz_targets")), targets);
    LazyLock::force(&BLESSED);
    let mut refused = Vec::new();
    for (name, read) in READERS {
        let folder = fuzz().join("corpus").join(name);
        for (file, bytes) in seeds::seeds(name) {
            let path = folder.join(file);
            assert!(path.exists(), "{} is missing; PERTURBOOK_BLESS=1 writes it", path.display());
            refused.extend(read(&bytes).err().map(|e| format!("{}: {e}", path.display())));
        }
    }
    assert!(refused.is_empty(), "seeds are refused:\n{}", refused.join("\n"));
}

#[test]
fn checksums_of_good_files_are_right_already() {
    for (reader, seal) in [
        ("h5ad", readers::checksums::hdf5 as fn(&mut [u8])),
        ("tenx_h5", readers::checksums::hdf5),
        ("png", readers::checksums::png),
    ] {
        for (name, bytes) in seeds::seeds(reader) {
            let mut sealed = bytes.clone();
            seal(&mut sealed);
            assert!(sealed == bytes, "{reader}: {name}");
        }
    }
}

#[test]
fn every_file_is_read_or_refused() {
    LazyLock::force(&BLESSED);
    for (name, read) in READERS {
        for file in names(&fuzz().join("corpus").join(name)) {
            let path = fuzz().join("corpus").join(name).join(&file);
            let bytes = fs::read(&path).unwrap();
            // What a fuzzer adds in passing is not ours to judge.
            assert!(bytes.len() as u64 <= LARGEST || file.len() == 40, "{} is too large", path.display());
            let name = path.display().to_string();
            soon(&name, || assert!(catch_unwind(|| drop(read(&bytes))).is_ok(), "a panic: {name}"));
        }
    }
    check_memory("corpus");
}
