//! The planted proximity bias is there for who knows where to look, and gone where none was planted.

use std::collections::BTreeMap;

use ndarray::{Array1, Array2, Axis};
use perturbook::screen::By;
use perturbook::simulate::{CONTROL, PlantedBiasConfig, SimulatedCells, planted_bias};

/// Probability that a biased cell scores higher than an unbiased one of the same arm.
fn auroc(scores: &[(f64, bool)]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ranks: usize = sorted.iter().enumerate().filter(|(_, s)| s.1).map(|(rank, _)| rank + 1).sum();
    let positive = sorted.iter().filter(|s| s.1).count();
    (ranks as f64 - (positive * (positive + 1)) as f64 / 2.0) / (positive * (sorted.len() - positive)) as f64
}

/// The linear oracle: cells of odd number are scored by the difference of means of biased and unbiased even ones.
fn oracle(screen: &SimulatedCells, cells: &[usize]) -> f64 {
    let values = screen.embedding.values();
    let mean = |biased: bool| -> Array1<f64> {
        let of: Vec<usize> =
            cells.iter().copied().filter(|&cell| cell % 2 == 0 && screen.biased[cell] == biased).collect();
        values.select(Axis(0), &of).mapv(f64::from).mean_axis(Axis(0)).unwrap()
    };
    let direction = mean(true) - mean(false);
    let odd = cells.iter().copied().filter(|cell| cell % 2 == 1);
    let scores: Vec<(f64, bool)> =
        odd.map(|cell| (values.row(cell).mapv(f64::from).dot(&direction), screen.biased[cell])).collect();
    auroc(&scores)
}

/// Cells of each arm.
fn by_arm(config: &PlantedBiasConfig) -> Vec<Vec<usize>> {
    let size = config.genes_per_arm * config.wells_per_gene * config.cells_per_well;
    (0..config.arms).map(|arm| (arm * size..(arm + 1) * size).collect()).collect()
}

/// Mean cosine between genes of one arm, of gene means over the cells that `keep` picks.
fn cosine_within_arms(screen: &SimulatedCells, config: &PlantedBiasConfig, keep: impl Fn(usize) -> bool) -> f64 {
    let cells = config.wells_per_gene * config.cells_per_well;
    let genes = config.arms * config.genes_per_arm;
    let values = screen.embedding.values();
    let mut means = Array2::<f64>::zeros((genes, config.dims));
    for (gene, mut mean) in means.rows_mut().into_iter().enumerate() {
        let of: Vec<usize> = (gene * cells..(gene + 1) * cells).filter(|&cell| keep(cell)).collect();
        mean.assign(&values.select(Axis(0), &of).mapv(f64::from).mean_axis(Axis(0)).unwrap());
    }
    let (mut sum, mut pairs) = (0.0, 0);
    for i in 0..genes {
        for j in i + 1..genes {
            if i / config.genes_per_arm == j / config.genes_per_arm {
                let (a, b) = (means.row(i), means.row(j));
                sum += a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt();
                pairs += 1;
            }
        }
    }
    sum / f64::from(pairs)
}

#[test]
fn a_linear_oracle_finds_biased_cells_the_better_the_stronger_the_bias() {
    let at = |arm_effect: f64| -> f64 {
        let config = PlantedBiasConfig { arm_effect, ..PlantedBiasConfig::default() };
        let screen = planted_bias(&config).unwrap();
        by_arm(&config).iter().map(|cells| oracle(&screen, cells)).sum::<f64>() / config.arms as f64
    };
    let (glaring, plain, faint, none) = (at(1.5), at(1.0), at(0.6), at(0.0));
    assert!(glaring > 0.97 && plain > 0.90 && faint > 0.75, "{glaring} {plain} {faint}");
    assert!(glaring > plain && plain > faint);
    // What is left without an arm effect is that biased cells lack the effect of their gene, which has no common part.
    assert!((none - 0.5).abs() < 0.03, "{none}");
}

#[test]
fn genes_of_an_arm_are_drawn_together_and_released_without_the_biased_cells() {
    let config = PlantedBiasConfig::default();
    let screen = planted_bias(&config).unwrap();
    let all = cosine_within_arms(&screen, &config, |_| true);
    let clean = cosine_within_arms(&screen, &config, |cell| !screen.biased[cell]);
    assert!(all > 0.04 && all < 0.15, "{all}");
    assert!(clean.abs() < 0.02, "{clean}");
    let null = PlantedBiasConfig { arm_effect: 0.0, ..config };
    assert!(cosine_within_arms(&planted_bias(&null).unwrap(), &null, |_| true).abs() < 0.02);
}

#[test]
fn the_screen_is_as_designed() {
    let config = PlantedBiasConfig { arms: 3, genes_per_arm: 4, ..PlantedBiasConfig::default() };
    let screen = planted_bias(&config).unwrap();
    assert_eq!(screen.embedding.dims(), 64);
    let mut arms = BTreeMap::<String, usize>::new();
    for gene in &screen.truth.genes {
        *arms.entry(gene.locus.arm.to_string()).or_default() += 1;
    }
    assert_eq!(arms, BTreeMap::from([("chr1p", 4), ("chr1q", 4), ("chr2p", 4)].map(|(arm, n)| (arm.to_owned(), n))));
    let wells = screen.embedding.profiles(By::Column("well")).unwrap();
    assert_eq!(wells.len(), 3 * 4 * 6 + 24);
    let genes = screen.embedding.profiles(By::Gene).unwrap();
    assert_eq!(genes.keys().last().map(String::as_str), Some(CONTROL));
    let targeted = 3 * 4 * 6 * 60;
    assert!(!screen.biased[targeted..].contains(&true));
    let share = screen.biased.iter().filter(|&&b| b).count() as f64 / targeted as f64;
    assert!((share - 0.1).abs() < 0.015, "{share}");
}

#[test]
fn the_seed_decides_every_bit_and_effects_are_drawn_apart() {
    let config = PlantedBiasConfig { genes_per_arm: 5, ..PlantedBiasConfig::default() };
    let (a, b) = (planted_bias(&config).unwrap(), planted_bias(&config).unwrap());
    assert_eq!(a.embedding.values(), b.embedding.values());
    let off = planted_bias(&PlantedBiasConfig { arm_effect: 0.0, ..config.clone() }).unwrap();
    assert_eq!(off.biased, a.biased);
    for (cell, &biased) in a.biased.iter().enumerate() {
        assert_eq!(a.embedding.values().row(cell) == off.embedding.values().row(cell), !biased);
    }
    assert_ne!(
        planted_bias(&PlantedBiasConfig { seed: 1, ..config }).unwrap().embedding.values(),
        a.embedding.values()
    );
}

#[test]
fn wrong_settings_are_named() {
    let base = PlantedBiasConfig::default;
    for (key, config) in [
        ("arms", PlantedBiasConfig { arms: 42, ..base() }),
        ("arm_rank", PlantedBiasConfig { arm_rank: 65, ..base() }),
        ("cells_per_well", PlantedBiasConfig { cells_per_well: 0, ..base() }),
        ("dims", PlantedBiasConfig { dims: 100_000, genes_per_arm: 100_000, ..base() }),
        ("noise", PlantedBiasConfig { noise: f64::NAN, ..base() }),
        ("biased", PlantedBiasConfig { biased: -0.1, ..base() }),
    ] {
        let message = planted_bias(&config).unwrap_err().to_string();
        assert!(message.contains(key) && message.contains("fix:"), "{key}: {message}");
    }
}
