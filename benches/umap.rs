//! UMAP beside umap-learn, in one run on the same points: `cargo bench --profile dev -p perturbook --bench umap`.
//!
//! Both use 15 neighbours, 500 epochs and the same metric. Prints the seconds of a map (best of several; the peer's after
//! its compilation, with a seed, for which it uses one thread, and without one, for which it uses all), what the maps
//! kept of the neighbourhoods (means over the same number of seeds), and the most memory that a process of its own took
//! for it. Without Python and umap-learn the peer's columns stay empty.
//! Then neighbours of many points, exact and approximate, with the share of the true ones that the latter are.

#[path = "common/process.rs"]
mod process;

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use ndarray::Array2;
use perturbook::prelude::*;
use perturbook::reduce::{MapQuality, Search, neighbours_by};
use perturbook::simulate::{GeneEmbeddingConfig, cell_embedding, gene_embedding};
use process::{answers, peak_mib, peer};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

const RUNS: u64 = 3;
/// How the program is told to make one map and to say what memory that took.
const ALONE: &str = "--alone";

fn main() -> perturbook::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, points, metric] = arguments.as_slice()
        && flag == ALONE
    {
        return alone(Path::new(points), if metric == "cosine" { Metric::Cosine } else { Metric::Euclidean });
    }
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !arguments.iter().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let config = GeneEmbeddingConfig { genes: 3_000, ..GeneEmbeddingConfig::default() };
    let genes = gene_embedding(&config)?.profiles.values().to_owned();
    let cells = cell_embedding(&GeneEmbeddingConfig { genes: 100, complexes: 8, cells_per_guide: 12, ..config })?;
    let cells = cells.embedding.values().mapv(f64::from);
    let folder = tempfile::tempdir().map_err(|e| perturbook::Error::file("the folder of temporary files", e))?;
    println!(
        "{:<28} {:>7} {:>11} {:>6} {:>9} {:>6} {:>16} {:>16} {:>22}",
        "", "ours", "umap-learn", "ratio", "no seed", "ratio", "trustworthiness", "overlap", "memory, MiB (ready)"
    );
    for (name, metric, points) in [("genes", Metric::Cosine, genes), ("cells", Metric::Euclidean, cells)] {
        row(folder.path(), name, metric, &points)?;
    }
    many_points()
}

/// One line of the table.
fn row(folder: &Path, name: &str, metric: Metric, points: &Array2<f64>) -> perturbook::Result<()> {
    let file = folder.join(format!("{name}.npy"));
    ndarray_npy::write_npy(&file, points).expect("an array can be written");
    let metric_name = if metric == Metric::Cosine { "cosine" } else { "euclidean" };
    let mut memory = Command::new(std::env::current_exe().expect("this program has a path"));
    let memory = answers(memory.arg(ALONE).arg(&file).arg(metric_name));
    let peer = answers(peer("umap_peer.py").arg(folder).args([name, metric_name]).arg(RUNS.to_string()));

    let mut ours = (f64::INFINITY, Vec::new());
    for seed in 0..RUNS {
        let start = Instant::now();
        let map = umap(points, &UmapConfig { metric, seed, ..UmapConfig::default() })?.map;
        ours.0 = ours.0.min(start.elapsed().as_secs_f64());
        ours.1.push(map_quality(points, &map, metric, 15)?);
    }
    let maps = (0..RUNS).map(|seed| folder.join(format!("{name}_map{seed}.npy")));
    let maps: Vec<Array2<f64>> = maps.filter_map(|path| ndarray_npy::read_npy(path).ok()).collect();
    let judged: Vec<MapQuality> =
        maps.iter().map(|map| map_quality(points, map, metric, 15)).collect::<perturbook::Result<_>>()?;
    let pair = |what: fn(&MapQuality) -> f64| {
        let mean = |all: &[MapQuality]| all.iter().map(what).sum::<f64>() / all.len() as f64;
        format!("{:.3} / {:.3}", mean(&ours.1), mean(&judged))
    };
    let seconds = |key: &str| peer.get(key).map(|seconds| format!("{seconds:.2} s")).unwrap_or_default();
    let ratio = |key: &str| peer.get(key).map(|seconds| format!("{:.1}", seconds / ours.0)).unwrap_or_default();
    let held = |of: &HashMap<String, f64>| match (of.get("peak"), of.get("ready")) {
        (Some(peak), Some(ready)) => format!("{peak:.0} ({ready:.0})"),
        _ => "-".to_owned(),
    };
    println!(
        "{:<28} {:>5.2} s {:>11} {:>6} {:>9} {:>6} {:>16} {:>16} {:>22}",
        format!("{name}, {} x {}, {metric_name}", points.nrows(), points.ncols()),
        ours.0,
        seconds("seeded"),
        ratio("seeded"),
        seconds("unseeded"),
        ratio("unseeded"),
        pair(|q| q.trustworthiness),
        pair(|q| q.overlap),
        format!("{} / {}", held(&memory), held(&peer)),
    );
    Ok(())
}

/// Makes one map and prints the most memory that this process held before and in the end, in MiB, where the system says.
fn alone(points: &Path, metric: Metric) -> perturbook::Result<()> {
    let peak = |key: &str| {
        if let Some(mib) = peak_mib() {
            println!("{key} {mib}");
        }
    };
    let points: Array2<f64> = ndarray_npy::read_npy(points).expect("the points were written");
    peak("ready");
    umap(&points, &UmapConfig { metric, ..UmapConfig::default() })?;
    peak("peak");
    Ok(())
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
