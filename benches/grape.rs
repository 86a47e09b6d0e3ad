//! GRAPE, its ablations and baselines over several seeds: `cargo bench --profile dev -p perturbook --bench grape --
//! [simulated|plate|long] [SEEDS [EPOCHS]] [MODEL...] [key=value...]`.
//!
//! `simulated`: `OpsConfig::with_complexes`. Models: `grape`, `attention`, `no-cycle`, `no-detach`, `impa` (frozen random vectors),
//! `features` (engineered ones), `random` (vectors of chance). Printed are mAP and k-means scores of complexes for the three positions
//! of the paper (`table`, `mapping`, `encoder`), how control cells that were translated to genes are classified (by complex, a random
//! forest on engineered features of real cells), and how much of the cell is kept.
//! `plate`: BBBC013. Models: `grape`, `plain` (the table starts and learns as in the paper; last state). Printed is how the nuclear
//! ratio of FKHR in translated untreated cells follows the dose, and whether vectors of near doses are alike.
//! `long`: the simulated screen, and what the discriminator knows over the epochs.
//! Keys: `rate`, `table_rate`, `table_start`, `cycle`, `style`, `r1`, `batch`, `code`, `base`, `keep` of the running average, `last` (1:
//! the last state speaks), `side`.

#[path = "common/asked.rs"]
mod asked;
#[path = "common/spread.rs"]
mod spread;

use std::path::PathBuf;
use std::time::Instant;

use asked::Asked;
use perturbook::Result;
use perturbook::datasets::bbbc013;
use perturbook::evaluate::{GeneSets, ReplicatePlate, complex_scores, dose_relations, spearman};
use perturbook::methods::engineered::Engineered;
use perturbook::methods::grape::{Model, Position, Settings, Weights};
use perturbook::methods::{Method, Plan, impa};
use perturbook::screen::{By, Label, Profiles, Screen};
use perturbook::simulate::{OpsConfig, ops_images};
use perturbook::tensor::{choose_device, cpu};
use perturbook::train::Silent;
use spread::Readings;

/// Untreated cells that are translated.
const CELLS: usize = 100;

fn models<'a>(asked: &'a Asked, known: &[&str], usual: &[&'a str]) -> Vec<&'a str> {
    let named: Vec<&str> = asked.words().filter(|word| known.contains(word)).collect();
    if named.is_empty() { usual.to_vec() } else { named }
}

/// Changes what is asked for by keys.
fn change(asked: &Asked, settings: &mut Settings) {
    let key = |name: &str| asked.key(name);
    for (name, setting) in [
        ("rate", &mut settings.rate),
        ("table_rate", &mut settings.table_rate),
        ("table_start", &mut settings.table_start),
        ("cycle", &mut settings.loss.cycle),
        ("style", &mut settings.loss.style),
        ("r1", &mut settings.loss.r1),
        ("keep", &mut settings.ema_keep),
    ] {
        *setting = key(name).unwrap_or(*setting);
    }
    for (name, setting) in [
        ("batch", &mut settings.batch),
        ("side", &mut settings.side),
        ("code", &mut settings.sizes.code),
        ("base", &mut settings.sizes.base),
    ] {
        *setting = key(name).map_or(*setting, |value| value as usize);
    }
    if key("last") == Some(1.0) {
        settings.weights = Weights::Last;
    }
}

/// The plan of a model on the simulated screen.
fn plan(model: &str, asked: &Asked, screen: &Screen, seed: u64, epochs: u64) -> Result<Plan<Settings>> {
    let mut plan = Model::simulated();
    change(asked, &mut plan.settings);
    (plan.run.seed, plan.run.epochs) = (seed, epochs);
    match model {
        "attention" => plan.settings.sizes.attention = true,
        "no-cycle" => plan.settings.loss.cycle = 0.0,
        "no-detach" => plan.settings.loss.detach = false,
        "impa" => {
            let path = vectors_file();
            let names = screen.labels(Label::Gene)?.names().to_vec();
            impa::random_vectors(&path, &names, plan.settings.sizes.code, seed)?;
            return Ok(impa::beside(&plan, path));
        }
        _ => {}
    }
    Ok(plan)
}

/// Where the frozen vectors of a run lie.
fn vectors_file() -> PathBuf {
    std::env::temp_dir().join(format!("perturbook-vectors-{}.parquet", std::process::id()))
}

fn scored(found: &mut Readings, what: &str, vectors: &Profiles, complexes: &GeneSets, seed: u64) -> Result<()> {
    let scores = complex_scores(vectors, complexes, seed)?;
    for (name, value) in
        [("mAP", scores.map), ("purity", scores.purity.mean), ("NMI", scores.nmi.mean), ("ARI", scores.ari.mean)]
    {
        found.add(format!("{what} {name}"), value);
    }
    Ok(())
}

/// Control cells translated to all genes: how they are classified, and what is kept of them.
fn transferred(found: &mut Readings, model: &Model, screen: &Screen, complexes: &GeneSets, seed: u64) -> Result<()> {
    let (reading, kept) = model.transfer_reading(screen, complexes, CELLS, seed)?;
    let [translated, untranslated] = reading.mean();
    for (name, value) in [
        ("classifier, real cells", reading.accuracy),
        ("taken for the target", translated),
        ("taken for the target, untranslated", untranslated),
        ("kept: position", kept.position),
        ("kept: orientation", kept.orientation),
    ] {
        found.add(name, value);
    }
    for target in &reading.targets {
        found.add(format!("taken for {}", target.target), target.translated);
    }
    Ok(())
}

fn simulated(asked: &Asked) -> Result<()> {
    let [seeds, epochs] = asked.numbers([3, 12]);
    let known = ["grape", "attention", "no-cycle", "no-detach", "impa", "features", "random"];
    for model in models(asked, &known, &known) {
        let mut found = Readings::default();
        for seed in 0..seeds {
            let simulated = ops_images(&OpsConfig { seed, ..OpsConfig::with_complexes() })?;
            let complexes = simulated.truth.gene_sets();
            let screen = simulated.screen()?;
            let started = Instant::now();
            match model {
                "features" => {
                    let cells = Engineered::fit(&screen, &Engineered::quick(), &cpu(), &mut Silent)?.embed(&screen)?;
                    scored(&mut found, "mean of cells", &cells.profiles(By::Gene)?, &complexes, seed)?;
                }
                "random" => {
                    let names = screen.labels(Label::Gene)?.names().to_vec();
                    let vectors =
                        impa::random_vectors(vectors_file(), &names, Model::simulated().settings.sizes.code, seed)?;
                    scored(&mut found, "vectors", &vectors, &complexes, seed)?;
                }
                _ => {
                    let plan = plan(model, asked, &screen, seed, epochs)?;
                    let weights = plan.settings.weights;
                    let fitted = Model::fit(&screen, &plan, &choose_device()?.device, &mut Silent)?;
                    found.add("seconds", started.elapsed().as_secs_f64());
                    scored(&mut found, "table", &fitted.vectors(Position::Table, weights)?, &complexes, seed)?;
                    scored(&mut found, "mapping", &fitted.vectors(Position::Mapping, weights)?, &complexes, seed)?;
                    scored(
                        &mut found,
                        "table, last state",
                        &fitted.vectors(Position::Table, Weights::Last)?,
                        &complexes,
                        seed,
                    )?;
                    let styles = fitted.styles(&screen)?.profiles(By::Gene)?;
                    scored(&mut found, "encoder", &styles, &complexes, seed)?;
                    transferred(&mut found, &fitted, &screen, &complexes, seed)?;
                }
            }
        }
        found.print(&format!("{model}, {epochs} epochs, {seeds} seeds"));
    }
    std::fs::remove_file(vectors_file()).ok();
    Ok(())
}

fn plate(asked: &Asked) -> Result<()> {
    let [seeds, epochs] = asked.numbers([3, 12]);
    let plate = bbbc013(32)?.value.in_memory()?.with_label(Label::Batch, "row")?;
    for model in models(asked, &["grape", "plain"], &["grape", "plain"]) {
        let mut found = Readings::default();
        for seed in 0..seeds {
            let halves = ReplicatePlate::of_bbbc013(plate.table(), seed)?;
            let mut plan = Model::plate();
            if model == "plain" {
                let own = &mut plan.settings;
                (own.table_start, own.table_rate, own.table_decay, own.weights) = (1.0, 1.0, 1.0, Weights::Last);
            }
            change(asked, &mut plan.settings);
            (plan.run.seed, plan.run.epochs) = (seed, epochs);
            let started = Instant::now();
            let fitted = Model::fit(&plate.select(&halves.learned)?, &plan, &choose_device()?.device, &mut Silent)?;
            found.add("seconds", started.elapsed().as_secs_f64());
            for drug in fitted.dose_reading(&plate, &halves, CELLS)?.drugs {
                found.add(format!("{}: translated follow the dose", drug.drug), drug.spearman.unwrap_or(f64::NAN));
                let real = spearman(&drug.doses, &drug.real)?.map_or(f64::NAN, |(rho, _)| rho);
                found.add(format!("{}: real cells follow the dose", drug.drug), real);
            }
            let weights = plan.settings.weights;
            let positions = [("table", Position::Table), ("mapping", Position::Mapping)];
            for (name, position) in positions {
                for (drug, relations) in dose_relations(&fitted.vectors(position, weights)?, ReplicatePlate::dose_of)? {
                    found.add(format!("{drug}: near doses alike, {name}"), relations.unwrap_or(f64::NAN));
                }
            }
            let styles = fitted.styles(&plate.select(&halves.learned)?)?.profiles(By::Gene)?;
            for (drug, relations) in dose_relations(&styles, ReplicatePlate::dose_of)? {
                found.add(format!("{drug}: near doses alike, encoder"), relations.unwrap_or(f64::NAN));
            }
        }
        found.print(&format!("{model}, {epochs} epochs, {seeds} seeds"));
    }
    Ok(())
}

/// Many steps: losses, and what the discriminator knows.
fn long(asked: &Asked) -> Result<()> {
    let [seeds, epochs] = asked.numbers([3, 40]);
    for seed in 0..seeds {
        let screen = ops_images(&OpsConfig { seed, ..OpsConfig::with_complexes() })?.screen()?;
        let plan = plan("grape", asked, &screen, seed, epochs)?;
        let started = Instant::now();
        let fitted = Model::fit(&screen, &plan, &choose_device()?.device, &mut Silent)?;
        println!("\n== seed {seed}, {epochs} epochs, {:.0} s", started.elapsed().as_secs_f64());
        println!("{}", fitted.history().table()?);
    }
    Ok(())
}

fn main() -> Result<()> {
    let Some(asked) = Asked::here() else { return Ok(()) };
    let is = |name: &str| asked.words().any(|word| word == name);
    match () {
        () if is("plate") => plate(&asked),
        () if is("long") => long(&asked),
        () => simulated(&asked),
    }
}
