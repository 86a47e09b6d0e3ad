//! scVI and ContrastiveVI beside scvi-tools, in one run on the CPU:
//! `cargo bench --profile dev -p perturbook --bench count_models -- [CELLS [GENES [EPOCHS]]]`.
//!
//! Both read the same h5ad file of simulated counts and train on all of its cells but a hundredth: 10 dimensions, 128
//! hidden units, steps of 512 cells (scVI) or 128 pairs (ContrastiveVI), all threads. Prints cells a second in training (a
//! pair is two cells) and the most memory that the process of each held. Without Python and scvi-tools the peer's columns
//! stay empty. SC-VAE, which scvi-tools does not have, is measured beside them.

#[path = "common/process.rs"]
mod process;

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use perturbook::io::h5ad::{Contents, write_h5ad};
use perturbook::methods::counts::{CountModel, CountNetwork, GeneChoice};
use perturbook::methods::{Method, Plan, contrastive_vi, sc_vae, sc_vi};
use perturbook::screen::Screen;
use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
use perturbook::tensor::cpu;
use perturbook::train::{FitConfig, Silent};
use polars::prelude::Column;
use process::{answers, peak_mib, peer};

const SHARES: [f64; 3] = [0.99, 0.01, 0.0];
const NAMES: [&str; 3] = ["sc_vi", "contrastive_vi", "sc_vae"];

fn main() -> perturbook::Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [name, path, epochs] = arguments.as_slice()
        && NAMES.contains(&name.as_str())
    {
        return alone(name, Path::new(path), epochs.parse().unwrap_or(1));
    }
    let number = |i: usize, usual: usize| arguments.get(i).and_then(|text| text.parse().ok()).unwrap_or(usual);
    let (cells, genes, epochs) = (number(0, 20_000), number(1, 2_000), number(2, 5));
    let folder = std::env::temp_dir().join(format!("perturbook-count-models-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|e| perturbook::Error::new(format!("no temporary folder: {e}")))?;
    let path = folder.join("counts.h5ad");
    written(&path, cells, genes)?;
    println!("{cells} cells x {genes} genes, {epochs} epochs; thousand cells a second, and MiB");
    println!("{:<16} {:>8} {:>12} {:>7} {:>10} {:>12}", "", "ours", "scvi-tools", "ratio", "ours", "scvi-tools");
    let own = std::env::current_exe().map_err(|e| perturbook::Error::new(format!("no program: {e}")))?;
    for name in NAMES {
        let epochs = epochs.to_string();
        let ours = answers(Command::new(&own).arg("--bench").args([name]).arg(&path).arg(&epochs));
        let theirs = answers(peer("count_models_peer.py").arg(name).arg(&path).arg(&epochs));
        let at = |of: &HashMap<String, f64>, key: &str| of.get(key).copied().unwrap_or(f64::NAN);
        let thousand = |of: &HashMap<String, f64>| at(of, "rate") / 1000.0;
        println!(
            "{name:<16} {:>8.1} {:>12.1} {:>7.2} {:>10.0} {:>12.0}",
            thousand(&ours),
            thousand(&theirs),
            thousand(&ours) / thousand(&theirs),
            at(&ours, "peak"),
            at(&theirs, "peak"),
        );
    }
    let _ = std::fs::remove_dir_all(&folder);
    Ok(())
}

/// A quarter of the cells are controls.
fn written(path: &Path, cells: usize, genes: usize) -> perturbook::Result<()> {
    let config = PerturbSeqConfig {
        genes,
        perturbations: 50,
        guides: 1,
        cells_per_guide: 3 * cells / 4 / 50,
        control_guides: 50 / 3,
        ..PerturbSeqConfig::default()
    };
    let screen = perturb_seq(&config)?.screen()?;
    let names: Vec<String> = (0..screen.len()).map(|cell| format!("cell{cell}")).collect();
    let mut table = screen.table().clone();
    table
        .insert_column(0, Column::new("name".into(), names))
        .map_err(|e| perturbook::Error::new(format!("no names of cells: {e}")))?;
    write_h5ad(path, &Contents::new(&*screen.counts()?).obs(&table))
}

/// Trains one of ours and prints its rate and memory.
fn alone(name: &str, path: &Path, epochs: u64) -> perturbook::Result<()> {
    let screen = Screen::open(path)?;
    let run = FitConfig { epochs, ..FitConfig::default() };
    let (shares, genes) = (SHARES, GeneChoice::All);
    match name {
        "sc_vi" => {
            let settings = sc_vi::Settings { shares, genes, batch_size: 512, ..Default::default() };
            trained::<sc_vi::ScVi>(&screen, Plan { settings, run }, false)
        }
        "contrastive_vi" => {
            let settings = contrastive_vi::Settings { shares, genes, ..Default::default() };
            trained::<contrastive_vi::ContrastiveVi>(&screen, Plan { settings, run }, true)
        }
        _ => {
            let settings = sc_vae::Settings { shares, genes, ..Default::default() };
            trained::<sc_vae::ScVae>(&screen, Plan { settings, run }, false)
        }
    }
}

fn trained<N: CountNetwork>(screen: &Screen, plan: Plan<N::Settings>, pairs: bool) -> perturbook::Result<()> {
    let started = Instant::now();
    let model = CountModel::<N>::fit(screen, &plan, &cpu(), &mut Silent)?;
    let seconds = started.elapsed().as_secs_f64();
    let train = model.split(screen)?.train;
    let cells = if pairs { 2 * train.controls()?.len().max(train.perturbed()?.len()) } else { train.len() };
    println!("rate {}", (plan.run.epochs as usize * cells) as f64 / seconds);
    if let Some(mib) = peak_mib() {
        println!("peak {mib}");
    }
    Ok(())
}
