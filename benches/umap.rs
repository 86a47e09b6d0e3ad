//! UMAP beside umap-learn, in one run on the same points: `cargo bench --profile dev -p perturbook --bench umap`.
//!
//! Prints the seconds of a map (best of several, without the peer's compilation) and what both maps kept of the
//! neighbourhoods (means over the same number of seeds). Without Python and umap-learn the peer's column stays empty.
//! Then neighbours of many points, exact and approximate, with the share of the true ones that the latter are.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use ndarray::Array2;
use perturbook::prelude::*;
use perturbook::reduce::{MapQuality, Search, neighbours_by};
use perturbook::simulate::{GeneEmbeddingConfig, cell_embedding, gene_embedding};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

const RUNS: u64 = 3;

fn main() -> perturbook::Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let config = GeneEmbeddingConfig { genes: 3_000, ..GeneEmbeddingConfig::default() };
    let genes = gene_embedding(&config)?.profiles.values().to_owned();
    let cells = cell_embedding(&GeneEmbeddingConfig { genes: 100, complexes: 8, cells_per_guide: 12, ..config })?;
    let cells = cells.embedding.values().mapv(f64::from);
    let inputs = [("cosine_genes", Metric::Cosine, genes), ("euclidean_cells", Metric::Euclidean, cells)];

    let folder = tempfile::tempdir().map_err(|e| perturbook::Error::file("the folder of temporary files", e))?;
    for (name, _, points) in &inputs {
        ndarray_npy::write_npy(folder.path().join(format!("{name}.npy")), points).expect("an array can be written");
    }
    let peer = peer(folder.path(), &inputs.each_ref().map(|(name, ..)| *name));
    println!(
        "{:<32} {:>9} {:>11} {:>7} {:>22} {:>22}",
        "", "ours", "umap-learn", "ratio", "trustworthiness", "overlap"
    );
    for (name, metric, points) in &inputs {
        let mut ours = (f64::INFINITY, Vec::new());
        for seed in 0..RUNS {
            let start = Instant::now();
            let map = umap(points, &UmapConfig { metric: *metric, seed, ..UmapConfig::default() })?.map;
            ours.0 = ours.0.min(start.elapsed().as_secs_f64());
            ours.1.push(map_quality(points, &map, *metric, 15)?);
        }
        let theirs = peer.iter().find(|(known, _)| known == name).map(|(_, seconds)| *seconds);
        let maps = (0..RUNS).map(|seed| folder.path().join(format!("{name}_map{seed}.npy")));
        let maps: Vec<Array2<f64>> = maps.filter_map(|path| ndarray_npy::read_npy(path).ok()).collect();
        let judged: Vec<MapQuality> =
            maps.iter().map(|map| map_quality(points, map, *metric, 15)).collect::<perturbook::Result<_>>()?;
        let pair = |what: fn(&MapQuality) -> f64| {
            let mean = |all: &[MapQuality]| all.iter().map(what).sum::<f64>() / all.len() as f64;
            format!("{:.3} / {:.3}", mean(&ours.1), mean(&judged))
        };
        let title = format!("{}, {} x {}", name.replace('_', " "), points.nrows(), points.ncols());
        let ratio = theirs.map(|theirs| format!("{:.1}", theirs / ours.0)).unwrap_or_default();
        let theirs = theirs.map(|theirs| format!("{theirs:.2} s")).unwrap_or_default();
        let (trust, overlap) = (pair(|q| q.trustworthiness), pair(|q| q.overlap));
        println!("{title:<32} {:>7.2} s {theirs:>11} {ratio:>7} {trust:>22} {overlap:>22}", ours.0);
    }
    many_points()
}

/// Seconds and recall of the two searches.
fn many_points() -> perturbook::Result<()> {
    println!("\n{:<32} {:>9} {:>11} {:>7} {:>22}", "15 neighbours", "exact", "approximate", "ratio", "recall");
    for (name, spread) in [("clusters", 3.0), ("random", 0.0)] {
        for (n, d) in [(20_000, 32), (60_000, 32)] {
            let mut rng = ChaCha8Rng::seed_from_u64(1);
            let mut draw = || -> f64 { rng.sample(StandardNormal) };
            let centres = Array2::from_shape_simple_fn((100, d), || spread * draw());
            let points = Array2::from_shape_fn((n, d), |(i, k)| (centres[[i % 100, k]] + draw()) as f32);
            let search = |search| {
                let start = Instant::now();
                let near = neighbours_by(&points, 15, Metric::Euclidean, search, 0)?;
                perturbook::Result::Ok((start.elapsed().as_secs_f64(), near))
            };
            let ((exact, truth), (approximate, near)) = (search(Search::Exact)?, search(Search::Approximate)?);
            let (title, recall) = (format!("{name}, {n} x {d}"), near.overlap(&truth)?);
            let ratio = exact / approximate;
            println!("{title:<32} {exact:>7.2} s {approximate:>9.2} s {ratio:>7.1} {recall:>22.3}");
        }
    }
    Ok(())
}

/// The peer's seconds by name; empty where it cannot run.
fn peer(folder: &Path, names: &[&str]) -> Vec<(String, f64)> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/umap_peer.py");
    let python = std::env::var("PERTURBOOK_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let output = Command::new(python).arg(script).arg(folder).arg(RUNS.to_string()).args(names).output();
    let Ok(output) = output else { return Vec::new() };
    if !output.status.success() {
        eprintln!(
            "the peer did not run: {}",
            String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default()
        );
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(n, s)| Some((n.to_owned(), s.parse().ok()?)))
        .collect()
}
