//! The proximity-bias filter on a screen that is larger than what it needs in memory, and its step beside PyTorch:
//! `cargo bench --profile dev -p perturbook --bench proximity -- [STEPS [GENES_PER_ARM]]`.
//!
//! Simulates all 41 arms that have genes, 41 genes each in 20 wells of 60 cells, 128 dimensions (2 million cells, 1 GB) and
//! writes them to a file, in `PERTURBOOK_BENCH_DIR` or the system's temporary folder. A process of its own then trains the
//! weak filter on all chromosomes from the file, scores every cell and averages what stays; printed are its time, the most
//! memory it held, and how well biased cells were found after so few steps. The step that is compared is that of
//! chromosome 1: 30 cells of each of its wells read from the file, forward, loss, gradients, Adam.

#[path = "common/process.rs"]
mod process;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use perturbook::io::{npy, parquet};
use perturbook::methods::proximity::{ChromosomeFilter, FilterConfig, FilterInput, Filtered, NpyRows, Wells};
use perturbook::simulate::{CONTROL, PlantedBiasConfig, planted_bias};
use perturbook::tensor::cpu;
use perturbook::train::Silent;
use perturbook::{Error, Result};
use polars::prelude::Column;
use process::{answers, peak_mib, peer};

/// Steps that are timed.
const TIMED: u64 = 20;
/// Steps before them.
const BEFORE: u64 = 5;

fn screen(genes_per_arm: usize) -> PlantedBiasConfig {
    PlantedBiasConfig { arms: 41, genes_per_arm, wells_per_gene: 20, dims: 128, ..PlantedBiasConfig::default() }
}

fn main() -> Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let number = |i: usize, usual: usize| arguments.get(i).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (steps, genes) = (number(0, 50), number(1, 41));
    if let Some(folder) = arguments.get(2) {
        return alone(Path::new(folder), steps as u64, genes);
    }
    let folder = std::env::var_os("PERTURBOOK_BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = folder.join(format!("perturbook-proximity-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| Error::file(&folder, e))?;
    let cells = written(&folder, genes)?;
    let own = std::env::current_exe().map_err(|e| Error::new(format!("no program: {e}")))?;
    let ours = answers(Command::new(own).args(["--bench", &steps.to_string(), &genes.to_string()]).arg(&folder));
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get());
    let shape = [threads, 2 * genes, BEFORE as usize, TIMED as usize].map(|n| n.to_string());
    let theirs = answers(peer("proximity_peer.py").arg(folder.join("cells.npy")).args(shape));
    let at = |name: &str| ours.get(name).copied().unwrap_or(f64::NAN);
    let in_step = (2 * genes * 20 * 30) as f64;
    println!("{cells} cells x 128, {threads} threads");
    println!("all chromosomes, {steps} steps each: {:.0} s, {:.0} MiB at most", at("all"), at("peak"));
    println!("scoring alone: {:.0} thousand cells/s; AUROC of biased cells {:.3}", at("scored") / 1e3, at("auroc"));
    let their = theirs.get("step").copied().unwrap_or(f64::NAN);
    println!(
        "step of chromosome 1, {in_step} cells: {:.0} ms, PyTorch {:.0} ms, ratio {:.2}",
        1e3 * at("step"),
        1e3 * their,
        their / at("step")
    );
    std::fs::remove_dir_all(&folder).map_err(|e| Error::file(&folder, e))
}

/// Writes vectors and table; how many cells.
fn written(folder: &Path, genes: usize) -> Result<usize> {
    let cells = planted_bias(&screen(genes))?;
    npy::write(folder.join("cells.npy"), &cells.embedding.values().to_owned())?;
    let biased = Column::new("biased".into(), &cells.biased);
    let table = cells.embedding.table().hstack(&[biased]).map_err(|e| Error::new(e.to_string()))?;
    parquet::write(folder.join("cells.parquet"), &table)?;
    Ok(cells.biased.len())
}

/// Filters the screen in the folder and prints what it took.
fn alone(folder: &Path, steps: u64, genes: usize) -> Result<()> {
    let table = parquet::read(folder.join("cells.parquet"))?;
    let biased: Vec<bool> = table
        .column("biased")
        .and_then(|column| Ok(column.bool()?.iter().flatten().collect()))
        .map_err(|e| Error::new(e.to_string()))?;
    let rows = || NpyRows::open(folder.join("cells.npy"));
    let input = FilterInput::new(rows()?, rows()?, Wells::of(&table, CONTROL)?)?;
    drop(table);
    // Positions do not depend on wells and cells.
    let few = PlantedBiasConfig { wells_per_gene: 1, control_wells: 1, cells_per_well: 1, ..screen(genes) };
    let genome = planted_bias(&few)?.truth.genome();
    let config = |steps: u64| FilterConfig { steps, ..FilterConfig::weak() };

    let started = Instant::now();
    let all = Filtered::fit(&input, &genome, &config(steps), &cpu(), &mut Silent)?;
    println!("all {}", started.elapsed().as_secs_f64());
    if let Some(mib) = peak_mib() {
        println!("peak {mib}");
    }
    println!("auroc {}", all.roc(&biased)?.auc);
    let started = Instant::now();
    let first = &all.filters[0];
    let rows = input.wells().on(&genome, first.chromosome).rows();
    first.score(&input, &rows)?;
    println!("scored {}", rows.len() as f64 / started.elapsed().as_secs_f64());

    let seconds = |steps: u64| {
        let started = Instant::now();
        let fitted = ChromosomeFilter::fit(&input, first.chromosome, &genome, &config(steps), &cpu(), &mut Silent);
        fitted.map(|_| started.elapsed().as_secs_f64())
    };
    let before = seconds(BEFORE)?;
    println!("step {}", (seconds(BEFORE + TIMED)? - before) / TIMED as f64);
    Ok(())
}
