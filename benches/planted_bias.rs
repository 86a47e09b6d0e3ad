//! What the proximity-bias filter finds of the bias planted in simulated screens, over several seeds of screen and filter:
//! `cargo bench --profile dev -p perturbook --bench planted_bias -- [SEEDS [STEPS [ARMS]]]`.
//!
//! Screens have 40 genes on each arm, six wells of 60 cells a gene and 64 dimensions; a tenth of the cells shows the lost arm.
//! Printed for each arm effect, as mean and range over seeds: how well the weak filter's score finds those cells, the mean
//! cosine within arms, and how far the cosines of all pairs of genes agree (Spearman) with the screen without its biased
//! cells: of the filter and of its rivals.

#[path = "common/spread.rs"]
mod spread;

use perturbook::Result;
use perturbook::evaluate::classification::roc_auc;
use perturbook::evaluate::{map_agreement, mean_same_arm_cosine};
use perturbook::methods::proximity::{
    ArmClassified, ArmClassifierConfig, FilterConfig, FilterInput, Filtered, Stop, centre_arms,
};
use perturbook::screen::Profiles;
use perturbook::simulate::{CONTROL, PlantedBiasConfig, planted_bias};
use perturbook::tensor::cpu;
use perturbook::train::Silent;
use spread::spread;

const EFFECTS: [f64; 3] = [1.5, 1.0, 0.6];
/// Maps that are compared, after the weak filter and the truth.
const RIVALS: [&str; 6] = ["unfiltered", "strong", "like other arms", "naive centring", "arm classifier", "by chance"];

fn main() -> Result<()> {
    // cargo test compiles and runs benches too, in passing: nothing to check there.
    if !std::env::args().any(|argument| argument == "--bench") {
        return Ok(());
    }
    let numbers: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    let number = |i: usize, usual: u64| numbers.get(i).copied().unwrap_or(usual);
    let (seeds, steps, arms) = (number(0, 3), number(1, 500), number(2, 2));
    for effect in EFFECTS {
        let runs = (0..seeds).map(|seed| measured(effect, seed, steps, arms as usize)).collect::<Result<Vec<_>>>()?;
        println!("\n== arm effect {effect}, {arms} arms, {steps} steps, {seeds} seeds");
        for (place, (name, _)) in runs[0].iter().enumerate() {
            let values: Vec<f64> = runs.iter().map(|run| run[place].1).collect();
            println!("{name:<44} {}", spread(&values));
        }
    }
    Ok(())
}

/// Names and numbers of one screen.
fn measured(arm_effect: f64, seed: u64, steps: u64, arms: usize) -> Result<Vec<(String, f64)>> {
    let screen = planted_bias(&PlantedBiasConfig { arm_effect, seed, arms, ..PlantedBiasConfig::default() })?;
    let genome = screen.truth.genome();
    let input = FilterInput::of(screen.embedding.clone(), CONTROL)?;
    let weak = FilterConfig { steps, seed, ..FilterConfig::quick() };
    let fit = |config: &FilterConfig| Filtered::fit(&input, &genome, config, &cpu(), &mut Silent);
    let strong = FilterConfig { share: 0.2, ..weak.clone() };
    let filtered = fit(&weak)?;
    let maps: [Profiles; 6] = [
        filtered.before.clone(),
        fit(&strong)?.after,
        fit(&FilterConfig { stop: Stop::LikeOtherArms, ..strong })?.after,
        centre_arms(&filtered.before, &genome)?,
        ArmClassified::fit(&input, &genome, &ArmClassifierConfig { seed, ..ArmClassifierConfig::default() })?.after,
        filtered.by_chance(&input, 0.1, seed + 1)?,
    ];
    let truth = input.profiles(|row| !screen.biased[row])?;
    let within = |map: &Profiles| mean_same_arm_cosine(map, &genome).map(|cosine| cosine.unwrap_or(f64::NAN));

    let mut found = vec![("AUROC of biased cells".to_owned(), filtered.roc(&screen.biased)?.auc)];
    let chromosomes: Vec<_> = filtered.filters.iter().map(|filter| filter.chromosome).collect();
    let mut swapped = Vec::new();
    for (place, &of) in chromosomes.iter().enumerate().skip(1) {
        let (_, scores) = filtered.swapped(&input, &genome, chromosomes[place - 1], of, 0.1)?;
        let (rows, scores): (Vec<usize>, Vec<f64>) = scores.into_iter().unzip();
        swapped.push(roc_auc(&rows.iter().map(|&row| screen.biased[row]).collect::<Vec<_>>(), &scores)?);
    }
    if !swapped.is_empty() {
        let mean = swapped.iter().sum::<f64>() / swapped.len() as f64;
        found.push(("the same by the scorer of another chromosome".to_owned(), mean));
    }
    let mut add = |name: &str, map: &Profiles| -> Result<()> {
        found.push((format!("cosine within arms, {name}"), within(map)?));
        found.push((format!("agreement with the truth, {name}"), map_agreement(map, &truth)?));
        Ok(())
    };
    add("truth", &truth)?;
    add("weak filter", &filtered.after)?;
    RIVALS.iter().zip(&maps).try_for_each(|(name, map)| add(name, map))?;
    println!("arm effect {arm_effect}, seed {seed}: {:.3}", found[0].1);
    Ok(found)
}
