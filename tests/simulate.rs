//! Properties of the simulated screens, stated in words and checked.

use ndarray::ArrayView1;
use perturbook::screen::{By, Profiles};
use perturbook::simulate::{CONTROL, GeneEmbeddingConfig, GeneTruth, cell_embedding, gene_embedding};

fn cosine(a: ArrayView1<f64>, b: ArrayView1<f64>) -> f64 {
    a.dot(&b) / (a.dot(&a) * b.dot(&b)).sqrt()
}

/// Mean cosine over the pairs of rows that `pair` picks among the planted genes, profiles minus their mean.
fn mean_cosine(profiles: &Profiles, truth: &GeneTruth, pair: impl Fn(usize, usize) -> bool) -> f64 {
    let genes = profiles.without(&[CONTROL]);
    let mean = genes.values().mean_axis(ndarray::Axis(0)).unwrap();
    let values = &genes.values() - &mean;
    let (mut sum, mut count) = (0.0, 0);
    for i in 0..truth.genes.len() {
        for j in i + 1..truth.genes.len() {
            if pair(i, j) {
                sum += cosine(values.row(i), values.row(j));
                count += 1;
            }
        }
    }
    sum / f64::from(count)
}

fn same_complex(truth: &GeneTruth, i: usize, j: usize) -> bool {
    truth.genes[i].complex.is_some() && truth.genes[i].complex == truth.genes[j].complex
}

fn same_arm(truth: &GeneTruth, i: usize, j: usize) -> bool {
    truth.genes[i].locus.arm == truth.genes[j].locus.arm
}

#[test]
fn members_of_a_complex_point_the_same_way_above_all_in_the_salient_block() {
    let screen = gene_embedding(&GeneEmbeddingConfig::default()).unwrap();
    let truth = &screen.truth;
    let within =
        |block: &str| mean_cosine(&screen.profiles.block(block).unwrap(), truth, |i, j| same_complex(truth, i, j));
    let between = |block: &str| {
        mean_cosine(&screen.profiles.block(block).unwrap(), truth, |i, j| {
            !same_complex(truth, i, j) && !same_arm(truth, i, j)
        })
    };
    assert!(within("salient") > 0.3, "{}", within("salient"));
    assert!(within("salient") > within("background") + 0.1);
    assert!(within("background") > between("background") + 0.05);
    assert!(between("salient").abs() < 0.02, "{}", between("salient"));
}

#[test]
fn genes_of_one_arm_are_alike_exactly_when_a_bias_is_planted() {
    let alike = |config: &GeneEmbeddingConfig, block: &str| {
        let screen = gene_embedding(config).unwrap();
        let (profiles, truth) = (screen.profiles.block(block).unwrap(), &screen.truth);
        let unrelated = |i, j| !same_complex(truth, i, j);
        mean_cosine(&profiles, truth, |i, j| unrelated(i, j) && same_arm(truth, i, j))
            - mean_cosine(&profiles, truth, |i, j| unrelated(i, j) && !same_arm(truth, i, j))
    };
    let biased = GeneEmbeddingConfig::default();
    let null = GeneEmbeddingConfig { arm_effect: 0.0, ..biased.clone() };
    let no_cells = GeneEmbeddingConfig { biased: 0.0, ..biased.clone() };
    let confined = GeneEmbeddingConfig { arm_in_salient: 0.0, ..biased.clone() };
    assert!(alike(&biased, "background") > 0.04, "{}", alike(&biased, "background"));
    assert!(alike(&biased, "salient") > 0.01, "{}", alike(&biased, "salient"));
    for block in ["salient", "background"] {
        assert!(alike(&null, block).abs() < 0.005, "{block}: {}", alike(&null, block));
        assert!(alike(&no_cells, block).abs() < 0.005, "{block}: {}", alike(&no_cells, block));
    }
    assert!(alike(&confined, "salient").abs() < 0.005);
}

#[test]
fn the_seed_decides_every_bit() {
    let config = GeneEmbeddingConfig::quick();
    let bits = |config: &GeneEmbeddingConfig| -> Vec<u64> {
        gene_embedding(config).unwrap().profiles.values().iter().map(|v| v.to_bits()).collect()
    };
    assert_eq!(bits(&config), bits(&config));
    assert_ne!(bits(&config), bits(&GeneEmbeddingConfig { seed: 1, ..config.clone() }));

    let small = GeneEmbeddingConfig { genes: 40, complexes: 3, ..config };
    let cells = |config: &GeneEmbeddingConfig| cell_embedding(config).unwrap().embedding;
    assert_eq!(cells(&small).values(), cells(&small).values());
    assert!(cells(&small).table().equals(cells(&small).table()));
}

#[test]
fn turning_one_effect_off_leaves_the_rest_as_it_was() {
    let config = GeneEmbeddingConfig::quick();
    let off = GeneEmbeddingConfig { arm_effect: 0.0, ..config.clone() };
    let (with, without) = (gene_embedding(&config).unwrap(), gene_embedding(&off).unwrap());
    assert_eq!(with.truth, without.truth);
    assert_eq!(with.biased_fraction, without.biased_fraction);
    // A gene without a biased cell is the same in both.
    let spared = with.biased_fraction.iter().position(|&f| f == 0.0).expect("60 cells at 10 % spare some gene");
    assert_eq!(with.profiles.values().row(spared), without.profiles.values().row(spared));
}

#[test]
fn the_truth_describes_the_screen() {
    let config = GeneEmbeddingConfig::default();
    let screen = gene_embedding(&config).unwrap();
    let truth = &screen.truth;
    assert_eq!(screen.profiles.keys().last().map(String::as_str), Some(CONTROL));
    assert_eq!(truth.genes.len(), config.genes);
    for (complex, (_, rows)) in truth.complexes.iter().enumerate() {
        assert!((config.complex_size_min..=config.complex_size_max).contains(&rows.len()));
        assert!(rows.iter().all(|&row| truth.genes[row].complex == Some(complex)));
    }
    let members: usize = truth.complexes.iter().map(|(_, rows)| rows.len()).sum();
    assert_eq!(members, truth.genes.iter().filter(|gene| gene.complex.is_some()).count());
    assert!(truth.pairs().iter().all(|&(i, j)| i < j && same_complex(truth, i, j)));
    assert_eq!(truth.gene_sets().len(), config.complexes);

    let genome = truth.genome();
    assert_eq!(genome.len(), config.genes);
    assert_eq!(genome.arm_of(CONTROL), None);
    let arms = genome.place(screen.profiles.keys()).arms();
    let sizes: Vec<usize> = arms.values().map(Vec::len).collect();
    assert!(arms.len() > 35 && arms.len() <= 41, "{} arms", arms.len());
    assert!(sizes.iter().max() > sizes.iter().min().map(|m| m * 5).as_ref(), "arms are of unequal size");
    let mean = screen.biased_fraction.iter().sum::<f64>() / config.genes as f64;
    assert!((mean - config.biased).abs() < 0.005, "{mean}");
}

#[test]
fn cells_average_to_the_law_of_the_profiles() {
    let config =
        GeneEmbeddingConfig { genes: 60, complexes: 4, noise: 0.0, biased: 0.0, ..GeneEmbeddingConfig::quick() };
    let (cells, genes) = (cell_embedding(&config).unwrap(), gene_embedding(&config).unwrap());
    assert_eq!(cells.truth, genes.truth);
    let means = cells.embedding.profiles(By::Column("gene")).unwrap();
    assert_eq!(means.keys(), genes.profiles.keys());
    let apart = (&means.values() - &genes.profiles.values()).mapv(f64::abs);
    assert!(apart.iter().all(|&v| v < 1e-6), "without noise and bias the two levels agree to f32 rounding");

    let biased = GeneEmbeddingConfig { biased: 0.3, ..config };
    let screen = cell_embedding(&biased).unwrap();
    let controls = screen.biased.len() - biased.control_guides * biased.cells_per_guide;
    assert!(!screen.biased[controls..].contains(&true), "a control has no arm to lose");
    let fraction = screen.biased[..controls].iter().filter(|&&b| b).count() as f64 / controls as f64;
    assert!((fraction - 0.3).abs() < 0.03, "{fraction}");
}

#[test]
fn settings_travel_through_json_and_wrong_ones_are_named() {
    let config = GeneEmbeddingConfig { arm_effect: 0.6, ..GeneEmbeddingConfig::quick() };
    let text = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<GeneEmbeddingConfig>(&text).unwrap(), config);
    let partial: GeneEmbeddingConfig = serde_json::from_str(r#"{"genes": 300, "complexes": 5}"#).unwrap();
    assert_eq!(partial, GeneEmbeddingConfig { genes: 300, complexes: 5, ..GeneEmbeddingConfig::default() });
    assert!(serde_json::from_str::<GeneEmbeddingConfig>(r#"{"gene": 300}"#).is_err());

    let refused = |config: GeneEmbeddingConfig| gene_embedding(&config).unwrap_err().to_string();
    let base = GeneEmbeddingConfig::quick;
    assert!(refused(GeneEmbeddingConfig { wells: 0, ..base() }).contains("wells"));
    assert!(refused(GeneEmbeddingConfig { noise: f64::NAN, ..base() }).contains("noise"));
    assert!(refused(GeneEmbeddingConfig { biased: 1.5, ..base() }).contains("biased"));
    assert!(refused(GeneEmbeddingConfig { complexes: 100, ..base() }).contains("complexes"));
    assert!(refused(GeneEmbeddingConfig { arm_rank: 65, ..base() }).contains("arm_rank"));
    assert!(refused(GeneEmbeddingConfig { complex_size_min: 1, ..base() }).contains("complex_size_min"));
}
