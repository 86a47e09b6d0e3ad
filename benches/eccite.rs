//! SC-VAE and its baselines on the ECCITE-seq screen (20,729 cells, 299 genes), over several seeds:
//! `cargo bench --profile dev -p perturbook --bench eccite -- [SEEDS [EPOCHS]] [PART ...]`.
//!
//! A part is the weight of HSIC (`0`, `1`, `balanced`; `means:1` of posterior means instead of draws) or a baseline (`contrastive_vi`, `sc_vi`, `pca`); all of them where
//! none is named. Models have 10 dimensions a space, steps of 512 cells and one split of 70/10/20 % for all seeds. Prints
//! for each space the areas against controls on the held-out fifth and the energy distances of the perturbations whose
//! answer is known, their nearest fellows, the mixing of replicates, and seconds: mean and range over seeds.
//!
//! `SCREEN.h5ad` and `COLUMN=VALUE` among the arguments take some cells of another screen, and the perturbations that are
//! told from its controls best.

use std::time::Instant;

use perturbook::evaluate::classification::AgainstControls;
use perturbook::evaluate::{RowLabels, batch_mixing};
use perturbook::methods::counts::{CountModel, CountNetwork, ExpressionPca, GeneChoice, Sampling};
use perturbook::methods::sc_vae::{ControlSalient, HsicOf, HsicWeight};
use perturbook::methods::{Method, Plan, contrastive_vi, held_out_signals, sc_vae, sc_vi};
use perturbook::reduce::Metric;
use perturbook::screen::{Embedding, Label, Screen, Shares, Split};
use perturbook::tensor::cpu;
use perturbook::train::{FitConfig, Phase, Silent};
use perturbook::{Error, Result, datasets};
use polars::prelude::{col, lit};

const SHARES: [f64; 3] = [0.7, 0.1, 0.2];
/// Perturbations of one pathway, and those that do nothing.
const KNOWN: [&str; 4] = ["JAK2", "STAT1", "IFNGR2", "IFNGR1"];
const NULLS: [&str; 4] = ["CAV1", "ETV7", "ATF2", "CD86"];
const PARTS: [&str; 8] = ["0", "1", "30", "balanced", "even:1", "contrastive_vi", "sc_vi", "pca"];
const NEIGHBOURS: usize = 30;

/// A space by one seed.
struct Measured {
    space: String,
    known: AgainstControls,
    mixing: f64,
}

/// What came of one seed.
struct Run {
    spaces: Vec<Measured>,
    /// Held-out log-likelihood, and the weight of HSIC.
    notes: String,
    seconds: f64,
}

fn main() -> Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let numbers: Vec<u64> = arguments.iter().map_while(|argument| argument.parse().ok()).take(2).collect();
    let (seeds, epochs) = (numbers.first().copied().unwrap_or(3), numbers.get(1).copied().unwrap_or(40));
    let (mut parts, mut path, mut only) = (Vec::new(), None, None);
    for argument in arguments.iter().skip(numbers.len()) {
        match argument.split_once('=') {
            _ if argument.ends_with(".h5ad") => path = Some(argument),
            Some((column, value)) => only = Some(col(column).eq(lit(value.to_owned()))),
            None => parts.push(argument.as_str()),
        }
    }
    if parts.is_empty() {
        parts = PARTS.to_vec();
    }
    let (mut screen, source) = match path {
        Some(path) => (Screen::open(path)?, path.clone()),
        None => datasets::eccite().map(|found| (found.value, found.source.to_string()))?,
    };
    if let Some(only) = only {
        screen = screen.filter(only)?;
    }
    println!("{source}, {} cells; {epochs} epochs, {seeds} seeds", screen.len());
    for part in parts {
        let runs = (0..seeds).map(|seed| run(&screen, part, seed, epochs)).collect::<Result<Vec<Run>>>()?;
        print(part, &runs)?;
    }
    Ok(())
}

fn run(screen: &Screen, part: &str, seed: u64, epochs: u64) -> Result<Run> {
    let fit = FitConfig { epochs, seed, ..FitConfig::default() };
    match part {
        "pca" => {
            let started = Instant::now();
            let [train, validation, test] = SHARES;
            let split = screen.split_stratified(Label::Gene, Shares::new(train, validation, test)?, 0)?;
            let pca = ExpressionPca::fit(&split.train, &GeneChoice::All, 10)?;
            let seconds = started.elapsed().as_secs_f64();
            Ok(Run { spaces: spaces(&split, &|cells| pca.embed(cells))?, notes: String::new(), seconds })
        }
        "contrastive_vi" => {
            let settings = contrastive_vi::Settings { shares: SHARES, genes: GeneChoice::All, ..Default::default() };
            trained::<contrastive_vi::ContrastiveVi>(screen, Plan { settings, run: fit })
        }
        "sc_vi" => {
            let settings = sc_vi::Settings { shares: SHARES, genes: GeneChoice::All, ..Default::default() };
            trained::<sc_vi::ScVi>(screen, Plan { settings, run: fit })
        }
        weight => {
            let mut settings = sc_vae::Settings { shares: SHARES, genes: GeneChoice::All, ..Default::default() };
            let mut words: Vec<&str> = weight.split(':').collect();
            let weight = words.pop().unwrap_or_default();
            for word in words {
                match word {
                    "means" => settings.hsic_of = HsicOf::Means,
                    "zero" => settings.control_salient = ControlSalient::Zero,
                    "even" => settings.sampling = Sampling::Balanced,
                    "warm" => settings.warm_up = 400.0,
                    other => return Err(Error::new(format!("{other:?} is no choice")).fix("see the head of this file")),
                }
            }
            settings.hsic = match weight {
                "balanced" => HsicWeight::Balanced(50),
                number => HsicWeight::Fixed(number.parse().map_err(|e| {
                    Error::new(format!("{number:?} is no part: {e}")).fix("name a weight or a baseline")
                })?),
            };
            trained::<sc_vae::ScVae>(screen, Plan { settings, run: fit })
        }
    }
}

/// Trains a model and measures its spaces.
fn trained<N: CountNetwork>(screen: &Screen, plan: Plan<N::Settings>) -> Result<Run> {
    let started = Instant::now();
    let model = CountModel::<N>::fit(screen, &plan, &cpu(), &mut Silent)?;
    let seconds = started.elapsed().as_secs_f64();
    let split = model.split(screen)?;
    let mut notes = format!("log-likelihood {:.1}", mean(&model.log_likelihoods(&split.test)?));
    for (term, name) in [("hsic_weight", "weight"), ("hsic", "n HSIC")] {
        if let Some(value) = model.history().last(Phase::Training, term) {
            notes += &format!(", {name} {value:.2}");
        }
    }
    Ok(Run { spaces: spaces(&split, &|cells| model.embed(cells))?, notes, seconds })
}

fn spaces(split: &Split, embed: &dyn Fn(&Screen) -> Result<Embedding>) -> Result<Vec<Measured>> {
    let test = embed(&split.test)?;
    let replicates = split.test.labels(Label::Batch).ok();
    let replicates = replicates.map(|of| RowLabels::new(&(0..split.test.len()).map(|i| of.of(i)).collect::<Vec<_>>()));
    let known = held_out_signals(split, embed)?;
    let measured = |(space, known): (String, AgainstControls)| {
        let mixing = match &replicates {
            None => f64::NAN,
            Some(of) => {
                let mixing = batch_mixing(&test.block(&space)?, of, NEIGHBOURS, Metric::Cosine)?;
                mixing.entropy / mixing.entropy_when_mixed
            }
        };
        Ok(Measured { mixing, space, known })
    };
    known.into_iter().map(measured).collect()
}

/// The perturbations whose answer is known; of another screen those that are told from controls best.
fn shown(known: &AgainstControls) -> Vec<String> {
    let mut all: Vec<_> = known.perturbations.iter().collect();
    all.sort_by(|a, b| b.auc.total_cmp(&a.auc));
    let best = all.iter().take(8).map(|signal| signal.name.clone()).collect();
    let usual = KNOWN.iter().chain(&NULLS).map(|name| known.of(name).map(|signal| signal.name.clone()));
    usual.collect::<Result<_>>().unwrap_or(best)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// `.873 (.861-.880)`.
fn over(values: &[f64]) -> String {
    let mean = mean(values);
    let (low, high) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(*v), h.max(*v)));
    if values.len() == 1 { format!("{mean:.3}") } else { format!("{mean:.3} ({low:.3}-{high:.3})") }
}

fn print(part: &str, runs: &[Run]) -> Result<()> {
    println!("\n== {part}: {}", over(&runs.iter().map(|run| run.seconds).collect::<Vec<_>>()) + " s");
    runs.iter().filter(|run| !run.notes.is_empty()).for_each(|run| println!("   {}", run.notes));
    for (place, first) in runs[0].spaces.iter().enumerate() {
        let of = |value: &dyn Fn(&Measured) -> f64| {
            over(&runs.iter().map(|run| value(&run.spaces[place])).collect::<Vec<f64>>())
        };
        let mixing =
            if first.mixing.is_nan() { String::new() } else { format!("; replicates mix {}", of(&|m| m.mixing)) };
        println!("-- {}{mixing}", first.space);
        let all = |m: &Measured| m.known.perturbations.iter().map(|signal| signal.auc).collect::<Vec<f64>>();
        println!("   all {} perturbations: mean AUC {}", first.known.perturbations.len(), of(&|m| mean(&all(m))));
        for name in shown(&first.known) {
            let at = |m: &Measured, value: fn(&perturbook::evaluate::classification::PerturbationSignal) -> f64| {
                m.known.of(&name).map_or(f64::NAN, value)
            };
            println!(
                "   {name:<8} AUC {}   energy {}, centred {}",
                of(&|m| at(m, |signal| signal.auc)),
                of(&|m| at(m, |signal| signal.energy)),
                of(&|m| at(m, |signal| signal.energy_centred))
            );
        }
        if KNOWN.iter().any(|name| first.known.of(name).is_err()) {
            continue;
        }
        // Of the three nearest of each of the four, how many are the other three.
        let fellows = |m: &Measured| {
            let right = KNOWN.iter().filter_map(|name| m.known.of(name).ok()).flat_map(|s| s.nearest.iter().take(3));
            right.filter(|name| KNOWN.contains(&name.as_str())).count() as f64
        };
        println!("   of twelve nearest fellows {} are of the pathway", of(&fellows));
    }
    Ok(())
}
