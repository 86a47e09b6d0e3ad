//! The proximity-bias filter finds planted biased cells, and its controls do not.

use std::collections::BTreeSet;

use perturbook::evaluate::classification::roc_auc;
use perturbook::evaluate::{map_agreement, mean_same_arm_cosine};
use perturbook::io::npy;
use perturbook::methods::proximity::{
    ArmClassified, ArmClassifierConfig, CellVectors, FilterConfig, FilterInput, Filtered, NpyRows, Sensitivity, Stop,
    Wells, agreement, centre_arms,
};
use perturbook::screen::Profiles;
use perturbook::simulate::{CONTROL, PlantedBiasConfig, SimulatedCells, planted_bias};
use perturbook::tensor::cpu;
use perturbook::train::Silent;

/// Probability that a biased cell scores higher than another one.
fn auroc(scores: impl IntoIterator<Item = (f64, bool)>) -> f64 {
    let (scores, biased): (Vec<f64>, Vec<bool>) = scores.into_iter().filter(|(score, _)| !score.is_nan()).unzip();
    roc_auc(&biased, &scores).unwrap()
}

fn screen(arm_effect: f64, seed: u64) -> SimulatedCells {
    planted_bias(&PlantedBiasConfig { arm_effect, seed, ..PlantedBiasConfig::default() }).unwrap()
}

fn input(screen: &SimulatedCells) -> FilterInput {
    FilterInput::of(screen.embedding.clone(), CONTROL).unwrap()
}

fn filtered(screen: &SimulatedCells, config: &FilterConfig) -> Filtered {
    Filtered::fit(&input(screen), &screen.truth.genome(), config, &cpu(), &mut Silent).unwrap()
}

#[test]
fn biased_cells_score_high_and_genes_come_nearer_to_the_truth() {
    for (effect, least) in [(1.5, 0.90), (1.0, 0.78)] {
        let screen = screen(effect, 0);
        let input = input(&screen);
        let filtered = filtered(&screen, &FilterConfig { steps: 300, ..FilterConfig::quick() });
        let found = filtered.roc(&screen.biased).unwrap().auc;
        assert!(found >= least, "effect {effect}: AUROC {found}");

        let genome = screen.truth.genome();
        let truth = input.profiles(|row| !screen.biased[row]).unwrap();
        let within = |profiles: &Profiles| mean_same_arm_cosine(profiles, &genome).unwrap().unwrap();
        assert!(within(&filtered.after) < within(&filtered.before) - 0.01, "effect {effect}");
        let chance = filtered.by_chance(&input, 0.1, 1).unwrap();
        assert!((within(&chance) - within(&filtered.before)).abs() < 0.01, "effect {effect}");
        let like = map_agreement(&filtered.after, &truth).unwrap();
        let rivals = [&filtered.before, &chance, &centre_arms(&filtered.before, &genome).unwrap()];
        for (rival, name) in rivals.into_iter().zip(["unfiltered", "by chance", "naive centring"]) {
            let theirs = map_agreement(rival, &truth).unwrap();
            assert!(like > theirs, "effect {effect}: {like} is not above {theirs} ({name})");
        }
    }
}

#[test]
fn a_classifier_of_arms_knows_the_arms_and_every_well_loses_its_share() {
    let screen = screen(1.5, 0);
    let (input, genome) = (input(&screen), screen.truth.genome());
    let fit = |config: &ArmClassifierConfig| ArmClassified::fit(&input, &genome, config);
    let one = fit(&ArmClassifierConfig::default()).unwrap();
    // A tenth of the cells shows its arm clearly, the rest hardly.
    let chance = 1.0 / one.arms.len() as f64;
    assert!(one.balanced_accuracy > chance + 0.03 && one.balanced_accuracy < chance + 0.3, "{}", one.balanced_accuracy);
    let found = auroc(one.scores.iter().copied().zip(screen.biased.iter().copied()));
    assert!(found > 0.8, "AUROC {found}");
    for well in input.wells().wells() {
        assert_eq!(well.cells.iter().filter(|&&row| !one.kept[row]).count(), 6);
    }
    assert!(input.wells().controls().iter().all(|&row| one.kept[row] && one.scores[row].is_nan()));
    assert_eq!(fit(&ArmClassifierConfig::default()).unwrap().scores[..2000], one.scores[..2000]);
    // Without bias there is nothing to tell but the arms' genes.
    let plain =
        planted_bias(&PlantedBiasConfig { biased: 0.0, gene_effect: 0.0, ..PlantedBiasConfig::default() }).unwrap();
    let none =
        ArmClassified::fit(&self::input(&plain), &plain.truth.genome(), &ArmClassifierConfig::default()).unwrap();
    assert!((none.balanced_accuracy - chance).abs() < 0.03, "{}", none.balanced_accuracy);
    let refused = fit(&ArmClassifierConfig { share: 1.0, ..ArmClassifierConfig::default() }).unwrap_err().to_string();
    assert!(refused.contains("a share of 1"), "{refused}");
}

#[test]
fn every_well_loses_its_share_and_the_seed_decides_every_bit() {
    let config = FilterConfig { steps: 30, ..FilterConfig::quick() };
    let small = PlantedBiasConfig { genes_per_arm: 12, ..PlantedBiasConfig::default() };
    let screen = planted_bias(&small).unwrap();
    let (one, again) = (filtered(&screen, &config), filtered(&screen, &config));
    assert_eq!(one.kept, again.kept);
    assert_eq!(agreement(&one.kept, &again.kept), 1.0);
    let other = filtered(&screen, &FilterConfig { seed: 1, ..config });
    assert!(agreement(&one.kept, &other.kept) < 1.0);

    let wells = Wells::of(screen.embedding.table(), CONTROL).unwrap();
    for well in wells.wells() {
        assert_eq!(well.cells.iter().filter(|&&row| !one.kept[row]).count(), 6);
    }
    assert!(wells.controls().iter().all(|&row| one.kept[row] && one.scores[row].is_nan()));
    let table = one.table(screen.embedding.table()).unwrap();
    assert_eq!(table.column("bias_score").unwrap().null_count(), wells.controls().len());
}

#[test]
fn settings_and_seeds_are_compared_with_the_first() {
    let small = PlantedBiasConfig { genes_per_arm: 12, ..PlantedBiasConfig::default() };
    let screen = planted_bias(&small).unwrap();
    let base = FilterConfig { steps: 60, ..FilterConfig::quick() };
    let settings = [
        ("weak", base.clone()),
        ("weak again", base.clone()),
        ("another seed", FilterConfig { seed: 1, ..base.clone() }),
        ("strong", FilterConfig { share: 0.2, ..base }),
    ];
    let measure = |biased| Sensitivity::measure(&input(&screen), &screen.truth.genome(), &settings, biased, &cpu());
    let [weak, again, seed, strong] = measure(Some(&screen.biased)).unwrap().settings.try_into().unwrap();
    assert_eq!((weak.agreement, again.agreement, again.within), (1.0, 1.0, weak.within));
    assert!(seed.agreement > 0.1 && seed.agreement < 1.0, "{}", seed.agreement);
    assert!(strong.agreement <= 0.5 + 1e-9 && strong.within < weak.within, "{strong:?} {weak:?}");
    assert!(weak.auroc.unwrap() > 0.7, "{weak:?}");
    let none =
        Sensitivity::measure(&input(&screen), &screen.truth.genome(), &[], None, &cpu()).unwrap_err().to_string();
    assert!(none.contains("no settings"), "{none}");
}

#[test]
fn a_level_keeps_arms_from_falling_below_it() {
    let config = PlantedBiasConfig { arms: 2, genes_per_arm: 20, ..PlantedBiasConfig::default() };
    let screen = planted_bias(&config).unwrap();
    let genome = screen.truth.genome();
    let truth = input(&screen).profiles(|row| !screen.biased[row]).unwrap();
    let within = |profiles: &Profiles| mean_same_arm_cosine(profiles, &genome).unwrap().unwrap();
    let run = |stop: Stop| filtered(&screen, &FilterConfig { stop, share: 0.2, steps: 150, ..FilterConfig::quick() });
    let (all, level) = (run(Stop::Share), run(Stop::Level(within(&truth))));
    assert!(within(&all.after) < within(&truth) - 0.005, "{} {}", within(&all.after), within(&truth));
    assert!((within(&level.after) - within(&truth)).abs() < (within(&all.after) - within(&truth)).abs());
    assert!(level.shares[0].1 < all.shares[0].1);
    assert_eq!(level.scores.len(), all.scores.len());
    let like = run(Stop::LikeOtherArms);
    assert!(like.shares[0].1 <= 0.2);
}

#[test]
fn a_model_of_another_chromosome_finds_nothing() {
    let config = PlantedBiasConfig { arms: 4, genes_per_arm: 30, ..PlantedBiasConfig::default() };
    let screen = planted_bias(&config).unwrap();
    let input = input(&screen);
    let genome = screen.truth.genome();
    let filtered = filtered(&screen, &FilterConfig { steps: 150, ..FilterConfig::quick() });
    let chromosomes: BTreeSet<_> = filtered.filters.iter().map(|filter| filter.chromosome).collect();
    let [first, second] = chromosomes.into_iter().collect::<Vec<_>>()[..] else { panic!("two chromosomes") };
    let on = |model, cells| {
        let (profiles, scores) = filtered.swapped(&input, &genome, model, cells, 0.1).unwrap();
        (auroc(scores.into_iter().map(|(row, score)| (score, screen.biased[row]))), profiles)
    };
    let (own, swapped) = (on(second, second), on(first, second));
    assert!(own.0 > 0.8, "{}", own.0);
    assert!((swapped.0 - 0.5).abs() < 0.15, "{}", swapped.0);
    let within = |profiles: &Profiles| {
        let arms = perturbook::evaluate::arm_cosines(profiles, &genome).unwrap().arms;
        let of: Vec<f64> = arms.iter().filter(|a| a.arm.chromosome == second).filter_map(|a| a.within).collect();
        of.iter().sum::<f64>() / of.len() as f64
    };
    let (before, after) = (within(&filtered.before), within(&swapped.1));
    assert!(after > before - 0.2 * before.abs(), "{before} {after}");
    assert!(within(&own.1) < 0.7 * before);
}

#[test]
fn vectors_in_a_file_give_the_same_filter_as_in_memory() {
    let small = PlantedBiasConfig { genes_per_arm: 10, cells_per_well: 40, ..PlantedBiasConfig::default() };
    let screen = planted_bias(&small).unwrap();
    let config = FilterConfig { steps: 20, ..FilterConfig::quick() };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.npy");
    npy::write(&path, &screen.embedding.values().to_owned()).unwrap();
    let rows = NpyRows::open(&path).unwrap();
    assert_eq!(CellVectors::dims(&rows), 64);
    let wells = Wells::of(screen.embedding.table(), CONTROL).unwrap();
    let again = NpyRows::open(&path).unwrap();
    let input = FilterInput::new(rows, again, wells).unwrap();
    let of_file = Filtered::fit(&input, &screen.truth.genome(), &config, &cpu(), &mut Silent).unwrap();
    assert_eq!(of_file.kept, filtered(&screen, &config).kept);

    npy::write(&path, &screen.embedding.values().mapv(f64::from)).unwrap();
    assert!(NpyRows::open(&path).unwrap_err().to_string().contains("single floats"));
}

#[test]
fn chromosomes_and_settings_that_cannot_be_used_are_named() {
    let config = PlantedBiasConfig { arms: 3, genes_per_arm: 6, ..PlantedBiasConfig::default() };
    let screen = planted_bias(&config).unwrap();
    let input = input(&screen);
    let genome = screen.truth.genome();
    let fit = |config: FilterConfig| Filtered::fit(&input, &genome, &config, &cpu(), &mut Silent);
    let message = fit(FilterConfig::quick()).unwrap_err().to_string();
    assert!(message.contains("chr1: 6 genes") && message.contains("min_genes"), "{message}");
    let message = fit(FilterConfig { cells: 61, ..FilterConfig::quick() }).unwrap_err().to_string();
    assert!(message.contains("0 genes"), "{message}");
    for (key, config) in [
        ("share", FilterConfig { share: 0.0, ..FilterConfig::quick() }),
        ("steps", FilterConfig { steps: 0, ..FilterConfig::quick() }),
        ("temperature", FilterConfig { temperature: [f64::NAN, 1.0], ..FilterConfig::quick() }),
    ] {
        let message = fit(config).unwrap_err().to_string();
        assert!(message.contains(key), "{key}: {message}");
    }
    let short = screen.embedding.values().slice(ndarray::s![..10, ..]).to_owned();
    let wells = Wells::of(screen.embedding.table(), CONTROL).unwrap();
    let message = FilterInput::new(short, screen.embedding.clone(), wells).err().unwrap().to_string();
    assert!(message.contains("10 vectors"), "{message}");
    assert!(Wells::of(screen.embedding.table(), "SIM0001").is_ok());
    assert!(Wells::of(&screen.embedding.table().drop("well").unwrap(), CONTROL).is_err());
}
