//! Set-DINO and how its sets are drawn, over several seeds: `cargo bench --profile dev -p perturbook --bench set_dino --
//! [simulated|plate] [SEEDS [EPOCHS]] [MODEL...] [key=value...]`.
//!
//! Models: `cross:8` (two batches, sets of 8 cells), `within:8`, `cross:1`, `within:1`, `same:1` (DINO) and so on, `features`
//! (engineered ones), `truth` (strengths of planted phenotypes; simulated screens only). All that learn see as many cells at
//! the same learning rate.
//!
//! `simulated`: `OpsConfig::with_batch_effects`, each number of it a key; printed are the metrics of the paper's Tables 1 and 2
//! and the share of eigenvalues that says whether training collapsed. `guides`: sets are of guides, not of genes.
//! `plate`: BBBC013; printed is how alike replicates are (`evaluate::ReplicatePlate`).
//! Keys of both: `rate`, `temperature` of the teacher, `momentum`, `strength` of augmentation, `start` (1: by inputs, 0: as
//! published), `images` of a step, `side`, `width`, `blocks`, `outputs`, `repeats`, `low` and `high` (what becomes 0 and 1), `zscore`
//! (1: each image by itself), `percentiles` (1: each channel of each crop brought to 0..1).

#[path = "common/asked.rs"]
mod asked;
#[path = "common/spread.rs"]
mod spread;

use std::time::Instant;

use asked::Asked;
use ndarray::Array2;
use perturbook::datasets::bbbc013;
use perturbook::evaluate::{Relations, ReplicatePlate};
use perturbook::methods::engineered::Engineered;
use perturbook::methods::set_dino::{BatchProfiles, Model, Normalisation, Settings, Start, Strategy};
use perturbook::methods::{Method, Plan, Unit, pixels};
use perturbook::screen::{Embedding, Label, Screen};
use perturbook::simulate::{OpsConfig, Phenotype, SimulatedImages, ops_images};
use perturbook::tensor::{choose_device, cpu};
use perturbook::train::Silent;
use perturbook::{Error, Result};
use spread::Readings;

/// The models that are named, or the usual ones.
fn models<'a>(asked: &'a Asked, usual: &[&'a str]) -> Vec<&'a str> {
    let named: Vec<&str> =
        asked.words().filter(|word| word.contains(':') || ["features", "truth"].contains(word)).collect();
    if named.is_empty() { usual.to_vec() } else { named }
}

/// Changes what is asked for by keys.
fn change(asked: &Asked, settings: &mut Settings) {
    let (key, optimisation) = (|name: &str| asked.key(name), &mut settings.optimisation);
    optimisation.rate = key("rate").unwrap_or(optimisation.rate);
    settings.strength = key("strength").unwrap_or(settings.strength);
    settings.start =
        key("start").map_or(settings.start, |by| if by > 0.0 { Start::ByInputs } else { Start::Published });
    if let Some(temperature) = key("temperature") {
        optimisation.teacher_temperature = [temperature; 2];
    }
    optimisation.momentum[0] = key("momentum").unwrap_or(optimisation.momentum[0]);
    for (name, setting) in [
        ("images", &mut settings.images),
        ("side", &mut settings.side),
        ("width", &mut settings.vit.width),
        ("blocks", &mut settings.vit.blocks),
    ] {
        *setting = asked.key(name).map_or(*setting, |value| value as usize);
    }
    if let Some(low) = key("low") {
        settings.intensity = pixels::Intensity::Between { low, high: key("high").unwrap_or(1.0) };
    }
    if key("percentiles") == Some(1.0) {
        settings.intensity = pixels::Intensity::Percentiles { low: 0.1, high: 99.9 };
    }
    for (name, setting) in [("outputs", &mut settings.head.outputs), ("repeats", settings.repeats.get_or_insert(1))] {
        *setting = asked.key(name).map_or(*setting, |value| value as usize);
    }
    if key("zscore") == Some(1.0) {
        settings.normalisation = Normalisation::ZScore;
    }
}

/// `cross:8` and so on.
fn sets(settings: &Settings, model: &str) -> Result<Settings> {
    let wrong = || Error::new(format!("no model {model:?}")).fix("take cross:8, within:4, same:1, or features");
    let (strategy, cells) = model.split_once(':').ok_or_else(wrong)?;
    let strategy = match strategy {
        "cross" => Strategy::CrossBatch,
        "within" => Strategy::WithinBatch,
        "same" => Strategy::SameCell,
        _ => return Err(wrong()),
    };
    Ok(settings.with_sets(strategy, cells.parse().map_err(|_| wrong())?))
}

/// Codes of all cells by a model that has learned from some, and the share of eigenvalues.
fn fitted(model: &str, plan: &Plan<Settings>, learned: &Screen, all: &Screen) -> Result<(Embedding, Option<f64>)> {
    if model == "features" {
        return Ok((Engineered::fit(learned, &Engineered::quick(), &cpu(), &mut Silent)?.embed(all)?, None));
    }
    let plan = Plan { settings: sets(&plan.settings, model)?, run: plan.run.clone() };
    let fitted = Model::fit(learned, &plan, &choose_device()?.device, &mut Silent)?;
    Ok((fitted.embed(all)?, fitted.eigenvalue_share()))
}

/// The screen that is asked for: each number of [`OpsConfig`] is a key.
fn design(asked: &Asked, seed: u64) -> Result<OpsConfig> {
    let wrong = |e| Error::new(format!("not a screen: {e}"));
    let mut fields = serde_json::to_value(OpsConfig::with_batch_effects()).map_err(wrong)?;
    for (name, value) in fields.as_object_mut().into_iter().flatten() {
        if let Some(asked) = asked.key(name) {
            *value = if value.is_u64() { (asked as u64).into() } else { asked.into() };
        }
    }
    Ok(OpsConfig { seed, ..serde_json::from_value(fields).map_err(wrong)? })
}

/// The strength of each phenotype in each cell: what a perfect embedding would be.
fn planted(simulated: &SimulatedImages, screen: &Screen) -> Result<Embedding> {
    let truth = &simulated.truth;
    let mut values = Array2::<f32>::zeros((truth.cells.len(), Phenotype::ALL.len()));
    for (mut to, cell) in values.rows_mut().into_iter().zip(&truth.cells) {
        let shown = cell.gene.filter(|_| !cell.escaped).map_or(&[][..], |gene| &truth.genes[gene].effects);
        shown.iter().for_each(|&(phenotype, strength)| to[phenotype as usize] = strength as f32);
    }
    Embedding::new(values, screen.table().clone())
}

fn simulated(asked: &Asked) -> Result<()> {
    let [seeds, epochs] = asked.numbers([3, 10]);
    for model in models(asked, &["cross:8", "within:8", "same:1", "cross:1", "features"]) {
        let mut found = Readings::default();
        for seed in 0..seeds {
            let simulated = ops_images(&design(asked, seed)?)?;
            let complexes = Relations::from_sets(&simulated.truth.gene_sets());
            let screen = simulated.screen()?;
            let mut plan = Model::simulated();
            if asked.words().any(|word| word == "guides") {
                plan.settings.unit = Unit::Guide;
            }
            change(asked, &mut plan.settings);
            (plan.run.seed, plan.run.epochs) = (seed, epochs);
            let started = Instant::now();
            let (cells, share) = match model {
                "truth" => (planted(&simulated, &screen)?, None),
                _ => fitted(model, &plan, &screen, &screen)?,
            };
            let seconds = ("seconds".to_owned(), started.elapsed().as_secs_f64());
            let metrics = BatchProfiles::of(&screen, &cells, Unit::Gene)?.metrics(&[&complexes])?;
            let share = share.map(|share| ("eigenvalue share".to_owned(), share));
            for (name, value) in metrics.numbers().into_iter().chain(share).chain([seconds]) {
                found.add(name, value);
            }
        }
        found.print(&format!("{model}, {epochs} epochs, {seeds} seeds"));
    }
    Ok(())
}

fn plate(asked: &Asked) -> Result<()> {
    let [seeds, epochs] = asked.numbers([3, 10]);
    let plate = bbbc013(48)?.value.in_memory()?.with_label(Label::Batch, "row")?;
    for model in models(asked, &["cross:8", "within:8", "same:1", "features"]) {
        let mut found = Readings::default();
        for seed in 0..seeds {
            let halves = ReplicatePlate::of_bbbc013(plate.table(), seed)?;
            let mut plan = Model::plate();
            change(asked, &mut plan.settings);
            (plan.run.seed, plan.run.epochs) = (seed, epochs);
            let started = Instant::now();
            let (cells, share) = fitted(model, &plan, &plate.select(&halves.learned)?, &plate)?;
            let share = share.map(|share| ("eigenvalue share", share));
            let seconds = ("seconds", started.elapsed().as_secs_f64());
            for (name, value) in halves.read(&cells)?.numbers().into_iter().chain(share).chain([seconds]) {
                found.add(name, value);
            }
        }
        found.print(&format!("{model}, {epochs} epochs, {seeds} seeds"));
    }
    Ok(())
}

fn main() -> Result<()> {
    let Some(asked) = Asked::here() else { return Ok(()) };
    if asked.words().any(|word| word == "plate") { plate(&asked) } else { simulated(&asked) }
}
