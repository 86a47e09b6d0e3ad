//! Retrieval over all pairs of rows, against the machine's own matrix product in the same run:
//! `cargo bench --profile dev -p perturbook --bench retrieval -- [ROWS [DIMENSIONS [PERMUTATIONS]]]`.
//!
//! Rows are random profiles in groups of twelve, a seventh of them controls. Prints seconds, GFLOP/s of the `2 n^2 d`
//! operations that all pairs take, their share of what a plain matrix product reaches on all threads in that precision,
//! the peak memory of the process, and how time grows with the number of rows (2 is quadratic). "Half" says that one
//! product serves both rows of a pair: `n^2 d` operations are done, and the share can be above 100 %. `60000 1536` is
//! the size of twelve wells of a genome-wide screen in Set-DINO's evaluation.

use std::time::Instant;

use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use ndarray::Array2;
use perturbook::evaluate::{
    KnnConfig, PrecisionConfig, RowLabels, knn_accuracy, mean_average_precision, pair_similarities,
};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

const ROWS: usize = 10_000;
const DIMENSIONS: usize = 512;
const PERMUTATIONS: usize = 100;
const GROUP: usize = 12;

/// GFLOP/s of a product of 2,048 rows with as many on all threads, best of five.
macro_rules! rate {
    ($float:ty, $d:expr) => {{
        const SIDE: usize = 2_048;
        let of = |i: usize, j: usize| ((i * 7 + j * 3) % 11) as $float;
        let (a, b) = (Mat::<$float>::from_fn(SIDE, $d, of), Mat::<$float>::from_fn($d, SIDE, of));
        let mut c = Mat::<$float>::zeros(SIDE, SIDE);
        let mut best = f64::INFINITY;
        for _ in 0..5 {
            let start = Instant::now();
            matmul(c.as_mut(), Accum::Replace, a.as_ref(), b.as_ref(), 1.0, Par::rayon(0));
            best = best.min(start.elapsed().as_secs_f64());
        }
        std::hint::black_box(&c);
        2.0 * (SIDE * SIDE) as f64 * $d as f64 / best / 1e9
    }};
}

fn main() -> perturbook::Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let sizes: Vec<usize> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let at = |i: usize, usual: usize| sizes.get(i).copied().unwrap_or(usual);
    let (rows, dimensions, permutations) = (at(0, ROWS), at(1, DIMENSIONS), at(2, PERMUTATIONS));
    let (single, double) = (rate!(f32, dimensions), rate!(f64, dimensions));
    println!(
        "{} threads; matrix products: {single:.1} GFLOP/s in f32, {double:.1} in f64",
        rayon::current_num_threads()
    );
    println!(
        "{:<36} {:>8} {:>10} {:>9} {:>8} {:>10} {:>7}",
        "", "rows", "seconds", "GFLOP/s", "share", "peak", "growth"
    );
    let kinds: [(&str, f64, &Work); 4] = [
        ("kNN accuracy, k = 5 (f32, half)", single, &|x, labels| {
            Ok(knn_accuracy(x, labels, &KnnConfig::default())?.accuracy)
        }),
        ("mean average precision (f64)", double, &|x, labels| {
            Ok(mean_average_precision(x, labels, &PrecisionConfig::default())?.mean_over_queries)
        }),
        (&format!("the same, {permutations} permutations"), double, &|x, labels| {
            let config = PrecisionConfig { permutations, ..PrecisionConfig::default() };
            Ok(mean_average_precision(x, labels, &config)?.mean_over_queries)
        }),
        ("similarity of pairs (f64, half)", double, &|x, labels| Ok(pair_similarities(x, labels)?.ks())),
    ];
    let mut before = vec![f64::NAN; kinds.len()];
    for n in [rows / 4, rows / 2, rows] {
        let (x, labels) = profiles(n, dimensions)?;
        for ((name, rate, work), before) in kinds.iter().zip(&mut before) {
            reset_peak();
            let start = Instant::now();
            std::hint::black_box(work(&x, &labels)?);
            let seconds = start.elapsed().as_secs_f64();
            let gflops = 2.0 * (n as f64).powi(2) * dimensions as f64 / seconds / 1e9;
            let growth = (seconds / *before).log2();
            let growth = if growth.is_nan() { String::new() } else { format!("{growth:.2}") };
            let (peak, share) = (peak().map_or_else(String::new, |mb| format!("{mb:.0} MB")), 100.0 * gflops / rate);
            println!("{name:<36} {n:>8} {seconds:>10.2} {gflops:>9.1} {share:>6.0} % {peak:>10} {growth:>7}");
            *before = seconds;
        }
    }
    Ok(())
}

type Work<'a> = dyn Fn(&Array2<f32>, &RowLabels) -> perturbook::Result<f64> + 'a;

fn profiles(n: usize, d: usize) -> perturbook::Result<(Array2<f32>, RowLabels)> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    let x = Array2::from_shape_simple_fn((n, d), &mut normal);
    let labels: Vec<String> =
        (0..n).map(|row| if row % 7 == 0 { "nt".to_owned() } else { format!("gene {}", row / GROUP) }).collect();
    Ok((x, RowLabels::new(&labels).with_controls(&["nt"])?))
}

/// Starts the peak anew, where the system allows it; otherwise the peak is that of the run so far.
fn reset_peak() {
    let _ = std::fs::write("/proc/self/clear_refs", "5");
}

/// Peak memory of the process in MB.
fn peak() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? * 1024.0 / 1e6)
}
