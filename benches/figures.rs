//! Large figures side by side with matplotlib, in one run on the same numbers: `cargo bench --profile dev -p perturbook
//! --bench figures`.
//!
//! A matrix of cosines of 15,000 genes and a scatter of a million points, from the numbers to what a notebook stores
//! (ours: interactive JSON, SVG and text; matplotlib: the PNG that Jupyter shows). Prints the best of several repetitions,
//! the ratio matplotlib / ours, and the bytes stored.

use std::process::Command;
use std::time::Instant;

use ndarray::Array2;
use perturbook::display::{Bundle, Show};
use perturbook::figures::{Axis, Heatmap, Scatter};

const GENES: usize = 15_000;
const POINTS: usize = 1_000_000;
const REPETITIONS: usize = 3;

fn main() -> perturbook::Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let cosines = Array2::from_shape_fn((GENES, GENES), |(i, j)| ((i * 31 + j * 17) % 997) as f64 / 498.5 - 1.0);
    let heatmap = best(|| {
        let colour = Axis::new("cosine").limits(-1.0, 1.0);
        Ok(Heatmap::diverging("Similarity", cosines.view(), colour).figure()?.bundle())
    })?;
    drop(cosines);
    let (x, y): (Vec<f64>, Vec<f64>) = (0..POINTS).map(|i| spiral(i as f64)).unzip();
    let scatter = best(|| Ok(Scatter::new("Cells", "x", "y").points("cells", &x, &y).figure()?.bundle()))?;
    let density = best(|| Ok(Scatter::new("Cells", "x", "y").density(&x, &y).figure()?.bundle()))?;
    let ours =
        [("heatmap of 15,000 x 15,000", heatmap), ("scatter of 1,000,000", scatter), ("density of 1,000,000", density)];
    let peer = peer();
    println!("{:<28} {:>9} {:>11} {:>7} {:>9} {:>11}", "", "ours", "matplotlib", "ratio", "ours", "matplotlib");
    for (name, (seconds, bytes)) in ours {
        let theirs = peer.iter().find(|(known, _, _)| known == name);
        let (time, ratio, size) = theirs.map_or_else(Default::default, |(_, theirs, size)| {
            (format!("{theirs:.2} s"), format!("{:.1}", theirs / seconds), format!("{} KB", size / 1000))
        });
        println!("{name:<28} {seconds:>7.2} s {time:>11} {ratio:>7} {:>6} KB {size:>11}", bytes / 1000);
    }
    Ok(())
}

/// A point of a cloud with arms.
fn spiral(i: f64) -> (f64, f64) {
    let (turn, out) = ((i * 0.618).fract() * 12.0, (i * 0.3819).fract());
    (out * turn.cos() + 0.1 * (i * 0.71).sin(), out * turn.sin() + 0.1 * (i * 0.53).cos())
}

/// Seconds of the fastest of several calls, and the bytes of what it made.
fn best(work: impl Fn() -> perturbook::Result<Bundle>) -> perturbook::Result<(f64, usize)> {
    let mut best = (f64::INFINITY, 0);
    for _ in 0..REPETITIONS {
        let start = Instant::now();
        let bundle = work()?;
        best = (best.0.min(start.elapsed().as_secs_f64()), bundle.size());
    }
    Ok(best)
}

/// Name, seconds and bytes of matplotlib's figures; empty where it cannot run.
fn peer() -> Vec<(String, f64, usize)> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/figures_peer.py");
    let arguments = [GENES, POINTS, REPETITIONS].map(|n| n.to_string());
    let Ok(output) = Command::new("python3").arg(script).args(arguments).output() else { return Vec::new() };
    let text = String::from_utf8_lossy(&output.stdout);
    let fields = text.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    fields.filter_map(|f| Some((f.first()?.to_string(), f.get(1)?.parse().ok()?, f.get(2)?.parse().ok()?))).collect()
}
