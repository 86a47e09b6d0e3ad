//! Image files and image stores side by side with tifffile and lmdb of Python, in one run on the same files:
//! `cargo bench --profile dev -p perturbook --bench images`.
//!
//! The peer (`images_peer.py`) writes the TIFF files and the LMDB environment that both then read. TIFF: whole files to
//! `f32`, each side with all the threads it uses by itself, into new arrays and into one that is used again. Stores: the
//! same cells in the same random order, batches of 256 into `f32` arrays, new ones and one that is used again, on one thread
//! and on all (of Python, too); warm (everything was read before), and cold, where the pages of the file are first given
//! back to the system (`dd oflag=nocache`). Prints the best of several repetitions and the ratio peer / ours; above 1 we are
//! faster. Without Python, numpy, lmdb or tifffile only our own store is measured.
//!
//! Last, what consumes images: training steps of a small convolutional VAE on the CPU, by themselves and fed by the loader.

#[path = "images/peer.rs"]
mod peer;
#[path = "images/trainer.rs"]
mod trainer;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use ndarray::{Array4, s};
use peer::{Peer, beside};
use perturbook::images::store::{ImageStore, Storage, StoreLayout, StoreWriter};
use perturbook::images::{CellImages, LmdbImages, each_batch};
use perturbook::io::tiff;
use polars::prelude::{DataFrame, df};
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trainer::Trainer;

/// Name, file, and what reads it.
type Source = (&'static str, PathBuf, Box<dyn CellImages>);

const CELLS: usize = 4_000;
const BATCH: usize = 256;
/// Images of a training step, and how many steps are timed.
const STEP: (usize, usize) = (32, 6);
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
    let mut sources: Vec<Source> = Vec::new();
    let storages = [Storage::F32, Storage::U16, Storage::F16, Storage::U8];
    for (name, storage) in
        ["our store, f32", "our store, u16", "our store, f16", "our store, u8"].into_iter().zip(storages)
    {
        let path = write(folder, storage, &images, &table)?;
        let store = ImageStore::open(&path)?;
        sources.push((name, path, Box::new(store)));
    }
    drop(images);
    let peer = Peer::run(folder, &[CELLS, BATCH, REPETITIONS]);
    tiffs(folder, &peer)?;
    let path = folder.join("lmdb").join("data.mdb");
    if path.exists() {
        sources.push(("LMDB, read by us", path.clone(), Box::new(LmdbImages::set_dino(path)?)));
    }
    let rates = stores(&sources, &order, &peer)?;
    consumers(&sources, &order, &rates)
}

fn tiffs(folder: &Path, peer: &Peer) -> perturbook::Result<()> {
    println!("TIFF to f32, ms, best of {REPETITIONS}");
    println!(
        "{:<32} {:>9} {:>10} {:>5} {:>11} {:>10} {:>5}",
        "", "new array", "tifffile", "ratio", "same array", "tifffile", "ratio"
    );
    for name in peer.names("tiff new ") {
        let file = folder.join(name.replace(' ', "_")).with_extension("tif");
        let new = best(|| tiff::read(&file).map(drop))?;
        let mut planes = tiff::read(&file)?.into_values();
        let same = best(|| tiff::read_into(&file, &mut planes).map(drop))?;
        let theirs = |way: &str, ours: f64| {
            beside(peer.seconds(&format!("tiff {way} {name}")).map(|s| (format!("{:.1}", s * 1e3), s / ours)))
        };
        println!("{name:<32} {:>9.1} {} {:>11.1} {}", new * 1e3, theirs("new", new), same * 1e3, theirs("same", same));
    }
    Ok(())
}

/// Cells per second of one core, warm and cold, of each source.
fn stores(sources: &[Source], order: &[usize], peer: &Peer) -> perturbook::Result<Vec<(f64, Option<f64>)>> {
    println!("\n{CELLS} cells of 4 x 96 x 96 at random, batches of {BATCH}, cells per second, best of {REPETITIONS}");
    println!("one thread into new arrays; one thread, and all, into the same array; one thread into new arrays, cold");
    let head = format!("{:>10} {:>5}", "lmdb", "ratio");
    println!("{:<18} {:>8} {head} {:>8} {head} {:>8} {head} {:>8} {head}", "", "new", "same", "all", "cold");
    let single = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    let single = single.map_err(|e| perturbook::Error::new(e.to_string()))?;
    let mut rates = Vec::new();
    for (name, path, source) in sources {
        let read_all = || order.chunks(BATCH).try_for_each(|rows| source.read(rows).map(drop));
        // A loader keeps its batch; the memory for it is taken once.
        let mut batch = Array4::zeros((BATCH, SHAPE.0, SHAPE.1, SHAPE.2));
        let mut reuse = || order.chunks_exact(BATCH).try_for_each(|rows| source.read_into(rows, &mut batch));
        let whole = (CELLS / BATCH * BATCH) as f64;
        let new = CELLS as f64 / single.install(|| best(read_all))?;
        let same = whole / single.install(|| best(&mut reuse))?;
        let all = whole / best(reuse)?;
        let cold = if give_back(path) {
            let start = Instant::now();
            single.install(read_all)?;
            Some(CELLS as f64 / start.elapsed().as_secs_f64())
        } else {
            None
        };
        let theirs = |what: &str, cells: f64, ours: f64| {
            let rate = peer.seconds(&format!("lmdb {what}")).map(|seconds| cells / seconds);
            beside(rate.map(|rate| (format!("{rate:.0}"), ours / rate)))
        };
        print!("{name:<18} {new:>8.0} {}", theirs("new", CELLS as f64, new));
        print!(" {same:>8.0} {} {all:>8.0} {}", theirs("same", whole, same), theirs("all", whole, all));
        match cold {
            Some(cold) => println!(" {cold:>8.0} {}", theirs("cold", CELLS as f64, cold)),
            None => println!(" not possible here"),
        }
        rates.push((same, cold));
    }
    Ok(rates)
}

/// How many images a second training takes, and how many cores of the loader that keeps busy.
fn consumers(sources: &[Source], order: &[usize], rates: &[(f64, Option<f64>)]) -> perturbook::Result<()> {
    let mut trainer = Trainer::new(SHAPE);
    let rows = &order[..STEP.0 * STEP.1];
    let batch = sources[0].2.read(&rows[..STEP.0])?;
    trainer.step(&batch);
    let start = Instant::now();
    (0..STEP.1).for_each(|_| trainer.step(&batch));
    let alone = rows.len() as f64 / start.elapsed().as_secs_f64();
    println!(
        "\na small convolutional VAE on all {} cores trains {alone:.0} images/s of 4 x 96 x 96",
        rayon::current_num_threads()
    );
    println!(
        "{:<18} {:>16} {:>22} {:>12} {:>44}",
        "", "fed by loader", "trainers a core feeds", "cold", "cores for a GPU at 10, 50, 200 thousand/s"
    );
    for ((name, _, source), &(warm, cold)) in sources.iter().zip(rates) {
        let start = Instant::now();
        each_batch(&**source, rows, STEP.0, |_, images| {
            trainer.step(images);
            Ok(())
        })?;
        let fed = rows.len() as f64 / start.elapsed().as_secs_f64();
        let cores = [10e3, 50e3, 200e3].map(|rate| format!("{:.1}", rate / warm)).join(", ");
        let cold = cold.map_or_else(|| "-".to_owned(), |cold| format!("{:.0}", cold / alone));
        println!("{name:<18} {fed:>7.0} images/s {:>22.0} {cold:>12} {cores:>44}", warm / alone);
    }
    println!("cores to keep a consumer busy = images it takes a second / cells a second of one core");
    Ok(())
}

fn write(folder: &Path, storage: Storage, images: &Array4<f32>, table: &DataFrame) -> perturbook::Result<PathBuf> {
    let path = folder.join(format!("{storage:?}")).with_extension("cells");
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
