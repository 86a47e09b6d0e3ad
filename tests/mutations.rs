//! Readers against files with random changes: bytes flipped, filled, moved, cut off or repeated.
//!
//! Each reader gets a second; `PERTURBOOK_FUZZ_SECONDS=600 cargo test --test mutations` gives it ten minutes, and
//! `PERTURBOOK_FUZZ_SEED` other changes. A read may succeed or fail, but must return in two seconds, within half a
//! gigabyte, and without a panic. A file that does not is kept, and its path is in the message.

mod common;
#[path = "common/refusal.rs"]
mod refusal;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::shared_file;
use ndarray::Array2;
use perturbook::Result;
use perturbook::io::h5ad::{Contents, H5ad, Matrix, write_h5ad};
use perturbook::io::npy::{self, Npz, write_npz};
use perturbook::io::safetensors::{self, SafeTensors};
use perturbook::io::tenx;
use perturbook::screen::Counts;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use refusal::check_memory;

/// How long a reader may take.
const LIMIT: Duration = Duration::from_secs(2);

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

/// Reads changed copies of `sources` until the time is over.
fn mutations(name: &str, sources: &[PathBuf], read: impl Fn(&Path) -> Result<()>) {
    let folder = tempfile::tempdir().unwrap();
    let good: Vec<Vec<u8>> = sources.iter().map(|path| fs::read(path).unwrap()).collect();
    let time = Duration::from_secs(setting("PERTURBOOK_FUZZ_SECONDS", 1));
    let mut rng = ChaCha8Rng::seed_from_u64(setting("PERTURBOOK_FUZZ_SEED", 1));
    let start = Instant::now();
    let (mut runs, mut failed, mut slowest) = (0u64, 0u64, Duration::ZERO);
    while start.elapsed() < time {
        for (source, bytes) in sources.iter().zip(&good) {
            let mut bytes = bytes.clone();
            mutate(&mut bytes, &mut rng);
            let path = folder.path().join(source.file_name().unwrap());
            fs::write(&path, &bytes).unwrap();
            let began = Instant::now();
            let result = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read(&path)));
            let mut took = began.elapsed();
            for _ in 0..2 {
                // The machine may have been busy with something else.
                if took > LIMIT {
                    let again = Instant::now();
                    let _ = read(&path);
                    took = took.min(again.elapsed());
                }
            }
            let keep = || {
                let kept = std::env::temp_dir().join(format!("perturbook-finding-{name}-{runs}"));
                fs::write(&kept, &bytes).unwrap();
                kept
            };
            let Ok(result) = result else { panic!("{name}: a panic, see {}", keep().display()) };
            assert!(took < LIMIT, "{name}: {took:?}, see {}", keep().display());
            if let Err(e) = result {
                failed += 1;
                assert!(
                    !e.to_string().contains("cannot be decoded"),
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

fn counts() -> Counts {
    let dense = Array2::from_shape_fn((30, 12), |(i, j)| if (i * 7 + j) % 3 == 0 { (i + j) as f32 } else { 0.0 });
    Counts::from_dense((0..12).map(|gene| format!("g{gene}")).collect(), dense.view()).unwrap()
}

#[test]
fn changed_h5ad_files_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("own.h5ad");
    let (x, pca) = (counts(), Array2::from_elem((30, 3), 0.5));
    write_h5ad(&own, &Contents::new(&x).layer("a", &x).raw(&x).obsm("X_pca", pca.view())).unwrap();
    let mut sources = vec![own];
    for name in ["TM_droplet_mat.h5ad", "adata_v0.11.4.h5ad", "adata_v0.7.8.h5ad", "t-cells.h5ad"] {
        sources.extend(shared_file(&format!("data/formats/h5ad/{name}")));
    }
    mutations("h5ad", &sources, |path| {
        let file = H5ad::open(path)?;
        let summary = file.summary();
        let mut matrices: Vec<Matrix> = summary.layers.iter().map(|(name, _)| Matrix::Layer(name)).collect();
        matrices.extend(summary.x.as_ref().map(|_| Matrix::X));
        matrices.extend(summary.raw.as_ref().map(|_| Matrix::Raw));
        // Every part is tried, whatever the one before said.
        let mut results = vec![file.obs().map(|_| ()), file.var().map(|_| ())];
        for matrix in matrices {
            results.push(file.counts(matrix).map(|_| ()));
            results.push(file.dense(matrix).map(|_| ()));
            results.push(
                file.row_blocks(matrix, 1_000).and_then(|mut blocks| blocks.try_for_each(|block| block.map(drop))),
            );
        }
        results.extend(summary.obsm.iter().map(|(name, _)| file.obsm(name).map(|_| ())));
        results.into_iter().collect()
    });
}

#[test]
fn changed_10x_files_are_read_or_refused() {
    let Some(source) = shared_file("data/formats/tenx/3.0.0_filtered_feature_bc_matrix.h5") else { return };
    mutations("10x", &[source], |path| tenx::read_h5(path).map(|_| ()));
}

#[test]
fn changed_10x_folders_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("barcodes.tsv"), "A\nB\nC\nD\n").unwrap();
    fs::write(at("features.tsv"), "g1\tTP53\tGene Expression\ng2\tMYC\tGene Expression\ng3\tACTB\tGene Expression\n")
        .unwrap();
    let matrix = "%%MatrixMarket matrix coordinate integer general\n%\n3 4 5\n1 1 3\n3 1 2\n2 2 1\n1 4 7\n3 4 120\n";
    fs::write(at("matrix.mtx"), matrix).unwrap();
    let packed = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    fs::write(at("packed"), packed(matrix)).unwrap();
    let run = folder.path().join("run");
    fs::create_dir(&run).unwrap();
    let sources = ["barcodes.tsv", "features.tsv", "matrix.mtx", "packed"].map(at);
    mutations("mtx", &sources, |path| {
        for name in ["barcodes.tsv", "features.tsv", "matrix.mtx"] {
            fs::copy(at(name), run.join(name)).unwrap();
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        fs::copy(path, run.join(if name == "packed" { "matrix.mtx" } else { name })).unwrap();
        tenx::read_mtx(&run).map(|_| ())
    });
}

#[test]
fn changed_arrays_of_numpy_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (one, several) = (folder.path().join("x.npy"), folder.path().join("x.npz"));
    let x = Array2::from_shape_fn((5, 4), |(i, j)| (i * j) as f32);
    npy::write(&one, &x).unwrap();
    write_npz(&several, &[("x", (&x).into()), ("y", (&x).into())]).unwrap();
    mutations("npy", &[one], |path| npy::read::<f64>(path).map(|_| ()));
    mutations("npz", &[several], |path| {
        let arrays = Npz::open(path)?;
        arrays.names().into_iter().try_for_each(|name| arrays.read::<f64>(name).map(|_| ()))
    });
}

#[test]
fn changed_safetensors_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.safetensors");
    let x = Array2::from_shape_fn((5, 4), |(i, j)| (i * j) as f32);
    safetensors::write(&path, &[("x", (&x).into()), ("layer.weight", (&x).into())]).unwrap();
    mutations("safetensors", &[path], |path| {
        let file = SafeTensors::open(path)?;
        file.names().into_iter().try_for_each(|name| file.read::<f64>(&name).map(|_| ()))
    });
}
