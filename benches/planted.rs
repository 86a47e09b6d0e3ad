//! What SC-VAE finds of what was planted in a simulated screen of 5,000 cells and 500 genes (10 perturbations, 2 that do
//! nothing, a cell cycle, a fifth of the cells escaped), over several seeds of screen and model:
//! `cargo bench --profile dev -p perturbook --bench planted -- [SEEDS [WEIGHTS ...]] [screen=SEED]`.
//!
//! Weights are those of HSIC, or of HSIC and the classifier as in `5:1`. Everything is measured on a fifth of the cells, which
//! training has not seen; mean and range over seeds for each choice of weights. A seed is that of the model and of the
//! screen, if no screen is named.

#[path = "common/spread.rs"]
mod spread;

use std::time::Instant;

use ndarray::Axis;
use perturbook::evaluate::{KnnConfig, RowLabels, knn_accuracy, phase_probe};
use perturbook::methods::sc_vae::{Call, HsicWeight};
use perturbook::methods::{Method, held_out_signals, sc_vae};
use perturbook::screen::Screen;
use perturbook::simulate::{PerturbSeqConfig, perturb_seq};
use perturbook::tensor::cpu;
use perturbook::train::{Phase, Row, Silent};
use perturbook::{Error, Result};
use spread::spread;

const NEIGHBOURS: usize = 15;
/// The share of controls that may be called wrongly.
const RATE: f64 = 0.05;

/// What is measured, in this order.
const NAMES: [&str; 12] = [
    "15-NN accuracy of perturbations, salient space",
    "the same, background",
    "the largest class: chance",
    "R^2 of the cycle's phase, background",
    "the same, salient space",
    "escaping cells called: recall",
    "the same: precision",
    "AUC of perturbations against controls, background",
    "AUC of those that do nothing, salient space",
    "lowest validation loss, nats per cell",
    "the classifier's share of it, not weighted",
    "seconds",
];

fn main() -> Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let (named, arguments): (Vec<&String>, Vec<&String>) = arguments.iter().partition(|text| text.contains('='));
    let screen = match named.first().map(|text| text.trim_start_matches("screen=").parse::<u64>()) {
        Some(Err(_)) => return Err(Error::new("no such screen").fix("give its seed, as in screen=4")),
        Some(Ok(seed)) => Some(seed),
        None => None,
    };
    let seeds = arguments.first().and_then(|text| text.parse::<u64>().ok()).unwrap_or(3);
    let mut weights: Vec<&str> = arguments.iter().skip(1).map(|text| text.as_str()).collect();
    if weights.is_empty() {
        weights = vec!["0", "5", "5:1"];
    }
    for weights in weights {
        let runs = (0..seeds).map(|seed| measured(screen.unwrap_or(seed), seed, weights));
        let runs = runs.collect::<Result<Vec<_>>>()?;
        println!("\n== weight {weights}, {seeds} seeds");
        for (place, name) in NAMES.iter().enumerate() {
            let values: Vec<f64> = runs.iter().map(|run| run[place]).collect();
            println!("{name:<52} {}", spread(&values));
        }
    }
    Ok(())
}

fn measured(screen: u64, seed: u64, weights: &str) -> Result<[f64; 12]> {
    // Twice as many controls: calls are calibrated on a tenth of them.
    let simulated = perturb_seq(&PerturbSeqConfig { seed: screen, control_guides: 8, ..PerturbSeqConfig::default() })?;
    let truth = simulated.truth.clone();
    let screen = simulated.screen()?;
    let mut plan = sc_vae::Model::quick();
    (plan.settings.shares, plan.run.seed) = ([0.7, 0.1, 0.2], seed);
    let number = |text: &str| text.parse().map_err(|_| Error::new(format!("{text}: not a weight")));
    let (hsic, classifier) = weights.split_once(':').map_or((weights, None), |(hsic, of)| (hsic, Some(of)));
    plan.settings.hsic = HsicWeight::Fixed(number(hsic)?);
    if let Some(classifier) = classifier {
        plan.settings.classification = number(classifier)?;
    }
    let started = Instant::now();
    let model = sc_vae::Model::fit(&screen, &plan, &cpu(), &mut Silent)?;
    let seconds = started.elapsed().as_secs_f64();

    let cells = model.embed(&screen)?;
    let [background, salient] = [cells.block("background")?, cells.block("salient")?];
    let split = model.split(&screen)?;
    let rows = |part: &Screen| (0..part.len()).map(|row| part.source_row(row)).collect::<Vec<usize>>();
    let (train, test) = (rows(&split.train), rows(&split.test));
    let acts = |row: usize| truth.cells[row].perturbation.filter(|&p| !truth.perturbations[p].is_null());
    let affected: Vec<usize> =
        test.iter().copied().filter(|&row| acts(row).is_some() && !truth.cells[row].escaped).collect();
    let labels = RowLabels::new(&affected.iter().map(|&row| acts(row)).map(|p| format!("{p:?}")).collect::<Vec<_>>());
    let config = KnnConfig { k: NEIGHBOURS, ..KnnConfig::default() };
    let nearest =
        [&salient, &background].map(|space| knn_accuracy(&space.values().select(Axis(0), &affected), &labels, &config));
    let [in_salient, in_background] = nearest;
    let cells_of = |p: usize| affected.iter().filter(|&&row| acts(row) == Some(p)).count();
    let largest = (0..truth.perturbations.len()).map(cells_of).max().unwrap_or(0) as f64 / affected.len() as f64;

    let phases: Vec<f64> = truth.cells.iter().map(|cell| cell.phase).collect();
    let phase = |space| phase_probe(space, &phases, &train, &test).map(|probe| probe.mean());

    let calls = model.calls(&screen, RATE)?;
    let called = |row: &&usize| calls.cells[**row].call == Call::Escaping && acts(**row).is_some();
    let escaped = |row: &&usize| truth.cells[**row].escaped && acts(**row).is_some();
    let both = test.iter().filter(called).filter(escaped).count() as f64;
    let recall = both / test.iter().filter(escaped).count() as f64;
    let precision = both / test.iter().filter(called).count() as f64;

    let known = held_out_signals(&split, |cells| model.embed(cells))?;
    let mean_auc = |space: usize, null: bool| {
        let of = truth.perturbations.iter().filter(|p| p.is_null() == null).map(|p| p.symbol.as_str());
        known[space].1.mean_auc(&of.collect::<Vec<_>>())
    };
    let loss = |row: &Row| row.get("loss").unwrap_or(f64::INFINITY);
    let rows = model.history().rows.iter().filter(|row| row.phase == Phase::Validation);
    let best = rows.min_by(|a, b| loss(a).total_cmp(&loss(b)));
    let at_best = |term: &str| best.and_then(|row| row.get(term)).unwrap_or(f64::NAN);
    let row = [
        in_salient?.accuracy,
        in_background?.accuracy,
        largest,
        phase(&background)?,
        phase(&salient)?,
        recall,
        precision,
        mean_auc(0, false)?,
        mean_auc(1, true)?,
        at_best("loss"),
        at_best("classification"),
        seconds,
    ];
    println!("weight {weights}, seed {seed}: {}", row.map(|value| format!("{value:.3}")).join(" "));
    Ok(row)
}
