//! Image files and image stores side by side with tifffile and lmdb of Python, in one run on the same files:
//! `cargo bench --profile dev -p perturbook --bench images`.
//!
//! The peer (`images_peer.py`) writes the TIFF files and the LMDB environment that both then read. TIFF: whole files to
//! `f32`, each side with all the threads it uses by itself. Stores: the same cells in the same random order, batches of 256
//! into one `f32` array, on one thread and, for ours, on all; warm (everything was read before), and cold, where the pages
//! of the file are first given back to the system (`dd oflag=nocache`). Prints the best of several repetitions and the
//! ratio peer / ours; above 1 we are faster. Without Python, numpy, lmdb or tifffile only our own store is measured.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ndarray::{Array4, s};
use perturbook::images::store::{ImageStore, Storage, StoreLayout, StoreWriter};
use perturbook::images::{CellImages, LmdbImages};
use perturbook::io::tiff;
use polars::prelude::{DataFrame, df};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CELLS: usize = 4_000;
const BATCH: usize = 256;
const SHAPE: (usize, usize, usize) = (4, 96, 96);
const REPETITIONS: usize = 3;

fn main() -> perturbook::Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let folder = std::env::var_os("PERTURBOOK_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("perturbook-images-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| perturbook::Error::file(&folder, e))?;
    let result = measure(&folder);
    let _ = std::fs::remove_dir_all(&folder);
    result
}

fn measure(folder: &Path) -> perturbook::Result<()> {
    let io = |e: std::io::Error| perturbook::Error::file(folder, e);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let images = Array4::from_shape_fn((CELLS, SHAPE.0, SHAPE.1, SHAPE.2), |_| rng.random::<f32>());
    let mut bytes = Vec::with_capacity(images.len() * 4);
    images.iter().for_each(|value| bytes.extend(value.to_le_bytes()));
    std::fs::write(folder.join("records"), bytes).map_err(io)?;
    let mut order: Vec<usize> = (0..CELLS).collect();
    order.shuffle(&mut rng);
    let text: String = order.iter().map(|row| format!("{row}\n")).collect();
    std::fs::write(folder.join("order"), text).map_err(io)?;
    let table = df!(
        "plate" => vec!["P1"; CELLS],
        "well" => (0..CELLS).map(|i| format!("A{}", i * 6 / CELLS + 1)).collect::<Vec<_>>(),
        "gene" => vec!["nontargeting"; CELLS]
    );
    let table = table.map_err(|e| perturbook::Error::new(e.to_string()))?;
    let stores = [
        ("our store, f32", write(folder, "f32", Storage::F32, &images, &table)?),
        ("our store, u16", write(folder, "u16", Storage::U16, &images, &table)?),
        ("our store, f16", write(folder, "f16", Storage::F16, &images, &table)?),
        ("our store, u8", write(folder, "u8", Storage::U8, &images, &table)?),
    ];
    drop(images);
    let peer = peer(folder);
    let cores = rayon::current_num_threads();
    let theirs = |name: &str| peer.iter().find(|(known, _)| known == name).map(|(_, seconds)| *seconds);

    println!("TIFF to f32, best of {REPETITIONS}");
    println!("{:<44} {:>10} {:>12} {:>7}", "", "ours", "tifffile", "ratio");
    for (name, seconds) in peer.iter().filter(|(name, _)| name.starts_with("tiff ")) {
        let file = folder.join(name.trim_start_matches("tiff ").replace(' ', "_")).with_extension("tif");
        let ours = best(|| tiff::read(&file).map(drop))?;
        println!("{name:<44} {:>7.1} ms {:>9.1} ms {:>7.1}", ours * 1e3, seconds * 1e3, seconds / ours);
    }

    println!(
        "\n{CELLS} cells of 4 x 96 x 96 in random order, batches of {BATCH}, cells per second, best of {REPETITIONS}"
    );
    println!(
        "warm: one thread into new arrays, one thread into the same array again, all cores into the same array; cold: one thread"
    );
    println!(
        "{:<18} {:>9} {:>7} {:>5} {:>11} {:>7} {:>5} {:>10} {:>13}",
        "", "new", "lmdb", "ratio", "same", "lmdb", "ratio", "all cores", "cold"
    );
    let warm_peer = theirs("lmdb warm").map(|seconds| CELLS as f64 / seconds);
    let kept_peer = theirs("lmdb warm, same array").map(|seconds| CELLS as f64 / seconds);
    let kept_lmdb = kept_peer.map(|rate| format!("{rate:.0}")).unwrap_or_default();
    let cold_peer = theirs("lmdb cold").map(|seconds| CELLS as f64 / seconds);
    let mut sources: Vec<(&str, PathBuf, Box<dyn CellImages>)> = Vec::new();
    for (name, path) in stores {
        let store = ImageStore::open(&path)?;
        sources.push((name, path, Box::new(store)));
    }
    if warm_peer.is_some() {
        let path = folder.join("lmdb").join("data.mdb");
        sources.push(("LMDB, read by us", path.clone(), Box::new(LmdbImages::set_dino(path)?)));
    }
    for (name, path, source) in &sources {
        let read_all = || order.chunks(BATCH).try_for_each(|rows| source.read(rows).map(drop));
        // A loader keeps its batch; the memory for it is taken once.
        let mut batch = Array4::zeros((BATCH, SHAPE.0, SHAPE.1, SHAPE.2));
        let mut reuse = || order.chunks_exact(BATCH).try_for_each(|rows| source.read_into(rows, &mut batch));
        let single = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let single = single.map_err(|e| perturbook::Error::new(e.to_string()))?;
        let warm = CELLS as f64 / single.install(|| best(read_all))?;
        let whole = (CELLS / BATCH * BATCH) as f64;
        let kept = whole / single.install(|| best(&mut reuse))?;
        let all = whole / best(reuse)?;
        let cold = if give_back(path) {
            let start = Instant::now();
            single.install(read_all)?;
            format!("{:.0}", CELLS as f64 / start.elapsed().as_secs_f64())
        } else {
            "not possible".to_owned()
        };
        let (lmdb, ratio) =
            warm_peer.map_or_else(Default::default, |rate| (format!("{rate:.0}"), format!("{:.1}", warm / rate)));
        let kept_ratio = kept_peer.map(|rate| format!("{:.1}", kept / rate)).unwrap_or_default();
        println!(
            "{name:<18} {warm:>9.0} {lmdb:>7} {ratio:>5} {kept:>11.0} {kept_lmdb:>7} {kept_ratio:>5} {all:>10.0} {cold:>13}"
        );
    }
    if let Some(cold) = cold_peer {
        println!("{:<18} {cold:>89.0}", "lmdb of Python");
    }
    println!(
        "\non {cores} cores; a training step on 2,048 images is fed by one core where it takes longer than 2,048 / rate"
    );
    Ok(())
}

fn write(
    folder: &Path,
    name: &str,
    storage: Storage,
    images: &Array4<f32>,
    table: &DataFrame,
) -> perturbook::Result<PathBuf> {
    let path = folder.join(name).with_extension("cells");
    let layout = StoreLayout::new(SHAPE, storage)?;
    let layout = if matches!(storage, Storage::U8 | Storage::U16) { layout.range(0.0, 1.0)? } else { layout };
    let mut writer = StoreWriter::create(&path, layout)?;
    for from in (0..CELLS).step_by(500) {
        let rows = from..(from + 500).min(CELLS);
        writer.append(images.slice(s![rows.clone(), .., .., ..]), &table.slice(from as i64, rows.len()))?;
    }
    writer.finish()?;
    Ok(path)
}

/// Seconds of the fastest of several calls.
fn best(mut work: impl FnMut() -> perturbook::Result<()>) -> perturbook::Result<f64> {
    let mut best = f64::INFINITY;
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        work()?;
        best = best.min(start.elapsed().as_secs_f64());
    }
    Ok(best)
}

/// Asks the system to forget the pages of a file; false where it does not offer that.
fn give_back(file: &Path) -> bool {
    let of = format!("of={}", file.display());
    let dd =
        Command::new("dd").args([&of, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"]).status();
    dd.is_ok_and(|status| status.success())
}

/// The peer's times by name; empty where it cannot run.
fn peer(folder: &Path) -> Vec<(String, f64)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/images_peer.py");
    let arguments = [CELLS, BATCH, REPETITIONS].map(|n| n.to_string());
    let Ok(output) = Command::new("python3").arg(script).arg(folder).args(arguments).output() else {
        return Vec::new();
    };
    if !output.status.success() {
        let errors = String::from_utf8_lossy(&output.stderr);
        eprintln!("the peer did not run: {}", errors.lines().last().unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| line.rsplit_once('\t'));
    lines.filter_map(|(name, seconds)| Some((name.to_owned(), seconds.parse().ok()?))).collect()
}
