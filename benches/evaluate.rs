//! Metrics side by side with numpy and scipy, in one run on the same numbers: `cargo bench --profile dev -p perturbook`.
//!
//! Prints a table of the best of several repetitions and the ratio peer / ours; above 1 we are faster. Without Python,
//! numpy or scipy the peer's column stays empty.

use std::io::Write;
use std::process::Command;
use std::time::Instant;

use perturbook::evaluate::{Convention, Relations, proximity_bias, quantile_heatmap_matrix, recall};
use perturbook::prelude::*;
use perturbook::simulate::{CONTROL, GeneEmbeddingConfig, gene_embedding};

const GENES: usize = 3_000;
const REPETITIONS: usize = 5;

fn main() -> perturbook::Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let screen = gene_embedding(&GeneEmbeddingConfig { genes: GENES, ..GeneEmbeddingConfig::default() })?;
    let profiles = screen.profiles.without(&[CONTROL]);
    let genome = screen.truth.genome();
    let complexes = Relations::from_sets(&screen.truth.gene_sets());

    let ours = [
        ("recall, two-sided", best(|| recall(&profiles, &complexes, Convention::TwoSided).map(drop))?),
        ("per-arm and genome-wide Brunner-Munzel", best(|| proximity_bias(&profiles, &genome).map(drop))?),
        ("quantile-normalised heatmap", best(|| quantile_heatmap_matrix(&profiles, &genome).map(drop))?),
        ("heatmap drawn (plotly JSON, SVG, text)", {
            let map = quantile_heatmap_matrix(&profiles, &genome)?;
            best(|| genome_heatmap(&map).map(|figure| drop(figure.bundle())))?
        }),
    ];
    let peer = peer(&profiles, &genome, &complexes)?;
    println!("{} genes x {} dimensions, best of {REPETITIONS}", profiles.len(), profiles.dims());
    println!("{:<42} {:>10} {:>14} {:>7}", "", "ours", "numpy, scipy", "ratio");
    for (name, seconds) in ours {
        let theirs = peer.iter().find(|(known, _)| known == name).map(|(_, seconds)| *seconds);
        let ratio = theirs.map(|theirs| format!("{:.1}", theirs / seconds)).unwrap_or_default();
        let theirs = theirs.map(|theirs| format!("{:.1} ms", theirs * 1e3)).unwrap_or_default();
        println!("{name:<42} {:>7.1} ms {theirs:>14} {ratio:>7}", seconds * 1e3);
    }
    Ok(())
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

/// The peer's times by name; empty where it cannot run.
fn peer(profiles: &Profiles, genome: &Genome, relations: &Relations) -> perturbook::Result<Vec<(String, f64)>> {
    let folder = std::env::temp_dir().join(format!("perturbook-bench-{}", std::process::id()));
    let file = |name: &str| folder.join(name);
    let io = |e: std::io::Error| perturbook::Error::file(&folder, e);
    std::fs::create_dir_all(&folder).map_err(io)?;
    let mut bytes = Vec::with_capacity(profiles.values().len() * 8);
    for value in profiles.values() {
        bytes.extend(value.to_le_bytes());
    }
    std::fs::write(file("values"), bytes).map_err(io)?;
    let place = genome.place(profiles.keys());
    let mut arms = std::fs::File::create(file("arms")).map_err(io)?;
    for row in 0..profiles.len() {
        let arm = place.arm_of(row).map_or_else(|| "none".to_owned(), |arm| arm.to_string());
        let start = place.loci()[row].map_or(0, |locus| locus.start);
        writeln!(arms, "{arm} {start}").map_err(io)?;
    }
    let mut edges = std::fs::File::create(file("edges")).map_err(io)?;
    for (i, j) in relations.among(profiles.keys()).edges() {
        writeln!(edges, "{i} {j}").map_err(io)?;
    }
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/evaluate_peer.py");
    let output = Command::new("python3").arg(script).arg(&folder).arg(REPETITIONS.to_string()).output();
    let _ = std::fs::remove_dir_all(&folder);
    let Ok(output) = output else { return Ok(Vec::new()) };
    if !output.status.success() {
        eprintln!(
            "the peer did not run: {}",
            String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default()
        );
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let lines = text.lines().filter_map(|line| line.rsplit_once('\t'));
    Ok(lines.filter_map(|(name, seconds)| Some((name.to_owned(), seconds.parse().ok()?))).collect())
}
