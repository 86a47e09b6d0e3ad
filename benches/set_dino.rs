//! Set-DINO and how its sets are drawn, over several seeds: `cargo bench --profile dev -p perturbook --bench set_dino --
//! [simulated|plate] [SEEDS [EPOCHS]] [MODEL...] [key=value...]`.
//!
//! Models: `cross:8` (two batches, sets of 8 cells), `within:8`, `cross:1`, `within:1`, `same:1` (DINO) and so on, `features`
//! (engineered ones). All of them see as many cells at the same learning rate.
//!
//! `simulated`: a screen with batch gains and its truth; printed are the metrics of the paper's Tables 1 and 2 and the share of
//! eigenvalues that says whether training collapsed. Keys: `effect`, `cells` of a guide, `gain`, `offset`, `blur`.
//! `plate`: BBBC013; printed is how alike replicates are (`evaluate::ReplicatePlate`).
//! Keys of both: `rate`, `temperature` of the teacher, `momentum`, `images` of a step, `side`, `width`, `blocks`, `zscore` (1: each
//! image by itself), `percentiles` (1: each channel of each crop brought to 0..1).

#[path = "common/asked.rs"]
mod asked;
#[path = "common/spread.rs"]
mod spread;

use std::collections::BTreeMap;
use std::time::Instant;

use asked::Asked;
use perturbook::datasets::bbbc013;
use perturbook::evaluate::{Relations, ReplicatePlate};
use perturbook::methods::engineered::Engineered;
use perturbook::methods::set_dino::{BatchProfiles, Model, Normalisation, Settings, Strategy};
use perturbook::methods::{Method, Plan, Unit, pixels};
use perturbook::nn::vit::VitConfig;
use perturbook::screen::{Embedding, Label, Screen};
use perturbook::simulate::{OpsConfig, ops_images};
use perturbook::tensor::cpu;
use perturbook::train::Silent;
use perturbook::{Error, Result};
use spread::spread;

/// The models that are named, or the usual ones.
fn models<'a>(asked: &'a Asked, usual: &[&'a str]) -> Vec<&'a str> {
    let named: Vec<&str> = asked.words().filter(|word| word.contains(':') || *word == "features").collect();
    if named.is_empty() { usual.to_vec() } else { named }
}

/// Changes what is asked for by keys.
fn change(asked: &Asked, settings: &mut Settings) {
    let (key, optimisation) = (|name: &str| asked.key(name), &mut settings.optimisation);
    optimisation.rate = key("rate").unwrap_or(optimisation.rate);
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
    if key("percentiles") == Some(1.0) {
        settings.intensity = pixels::Intensity::Percentiles { low: 0.1, high: 99.9 };
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
    let fitted = Model::fit(learned, &plan, &cpu(), &mut Silent)?;
    Ok((fitted.embed(all)?, fitted.eigenvalue_share()))
}

fn simulated(asked: &Asked) -> Result<()> {
    let [seeds, epochs] = asked.numbers([3, 20]);
    for model in models(asked, &["cross:8", "within:8", "same:1", "cross:1", "features"]) {
        let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
        for seed in 0..seeds {
            let key = |name: &str, usual: f64| asked.key(name).unwrap_or(usual);
            let design = OpsConfig {
                size: key("side", 48.0) as usize,
                effect: key("effect", 1.5),
                cells_per_guide: key("cells", 72.0) as usize,
                gain: key("gain", 0.3),
                offset: key("offset", 0.02),
                blur: key("blur", 2.0),
                control_guides: 16,
                seed,
                ..OpsConfig::default()
            };
            let simulated = ops_images(&design)?;
            let complexes = Relations::from_sets(&simulated.truth.gene_sets());
            let screen = simulated.screen()?;
            let vit = VitConfig { channels: 4, ..Settings::plate().vit };
            let mut plan = Model::plate();
            plan.settings = Settings { unit: Unit::Guide, vit, intensity: pixels::Intensity::AsIs, ..plan.settings };
            change(asked, &mut plan.settings);
            (plan.run.seed, plan.run.epochs) = (seed, epochs);
            let started = Instant::now();
            let (cells, share) = fitted(model, &plan, &screen, &screen)?;
            let seconds = ("seconds".to_owned(), started.elapsed().as_secs_f64());
            let metrics = BatchProfiles::of(&screen, &cells, Unit::Gene)?.metrics(&[&complexes])?;
            let share = share.map(|share| ("eigenvalue share".to_owned(), share));
            for (name, value) in metrics.numbers().into_iter().chain(share).chain([seconds]) {
                found.entry(name).or_default().push(value);
            }
        }
        println!("\n== {model}, {epochs} epochs, {seeds} seeds");
        found.iter().for_each(|(name, values)| println!("{name:<44} {}", spread(values)));
    }
    Ok(())
}

fn plate(asked: &Asked) -> Result<()> {
    let [seeds, epochs] = asked.numbers([3, 10]);
    let plate = bbbc013(48)?.value.in_memory()?.with_label(Label::Batch, "row")?;
    for model in models(asked, &["cross:8", "within:8", "same:1", "features"]) {
        let mut found: BTreeMap<String, Vec<f64>> = BTreeMap::new();
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
                found.entry(name.to_owned()).or_default().push(value);
            }
        }
        println!("\n== {model}, {epochs} epochs, {seeds} seeds");
        found.iter().for_each(|(name, values)| println!("{name:<44} {}", spread(values)));
    }
    Ok(())
}

fn main() -> Result<()> {
    let Some(asked) = Asked::here() else { return Ok(()) };
    if asked.words().any(|word| word == "plate") { plate(&asked) } else { simulated(&asked) }
}
