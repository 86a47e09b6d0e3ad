//! Chromosome arms: cosine means, Brunner-Munzel tests, quantile matrices and centring against reference values.

mod common;

use std::collections::HashMap;

use common::{Case, cases};
use ndarray::{Array2, array};
use perturbook::evaluate::{
    BrunnerMunzel, Relations, ScoreConfig, ScoreDraws, TiedRank, arm_cosines, arm_recall, brunner_munzel,
    fisher_combination, gene_proximity, mean_cosine, mean_same_arm_cosine, mean_with_diagonal, proximity_bias,
    proximity_bias_above, proximity_score, proximity_score_of_draws, quantile_heatmap_matrix, quantile_normalise,
    unit_rows,
};
use perturbook::genome::{Arm, Chromosome, Genome, Locus, Side};
use perturbook::methods::proximity::{ExpressionCentring, centre_arms, centre_arms_by_expression};
use perturbook::screen::Profiles;

#[test]
fn every_case_of_the_family_agrees() {
    for case in cases("metrics/02_arms_and_brunner_munzel") {
        if case.has_input("zfpkm") {
            centring(&case);
        } else if case.has_input("draw_intra_gene") {
            arm_tests(&case);
        } else if case.has_input("tied_values") {
            quantile_matrix(&case);
        } else if case.has_input("fisher_p") {
            vectors(&case);
        } else if case.has_input("chromosome") && case.has_input("arm") {
            cosine_means(&case);
        } else {
            panic!("case {} is of no known kind: inputs {:?}", case.name, case.input_names());
        }
        case.finish();
    }
}

fn gene(index: usize) -> String {
    format!("G{index}")
}

fn profiles(case: &Case) -> Profiles {
    let x = case.matrix("x");
    Profiles::new((0..x.nrows()).map(gene).collect(), x).expect("valid profiles")
}

fn arm_names(case: &Case) -> Vec<Arm> {
    case.param_names("arm_names").iter().map(|name| name.parse().expect("an arm")).collect()
}

/// Genes `G0, G1, ...` on the arms of the case.
fn genome(case: &Case) -> Genome {
    let (names, arms) = (arm_names(case), case.indices("arm"));
    let starts: Vec<i64> = if case.has_input("position") {
        case.vector("position").iter().map(|&v| v as i64).collect()
    } else {
        (0..arms.len() as i64).collect()
    };
    Genome::from_genes(
        arms.iter().zip(starts).enumerate().map(|(i, (&arm, start))| (gene(i), Locus { arm: names[arm], start })),
    )
}

/// Position of an arm among the names of the case.
fn arm_index(case: &Case, arm: Arm) -> f64 {
    arm_names(case).iter().position(|&name| name == arm).expect("an arm of the case") as f64
}

/// A table whose rows are sorted by their first column (the index of the arm or chromosome).
fn table<const C: usize>(rows: impl IntoIterator<Item = [f64; C]>) -> ndarray::ArrayD<f64> {
    let mut rows: Vec<[f64; C]> = rows.into_iter().collect();
    rows.sort_by(|a, b| a[0].total_cmp(&b[0]));
    Array2::from(rows).into_dyn()
}

fn cosine_means(case: &Case) {
    let (profiles, genome) = (profiles(case), genome(case));
    let arms = arm_cosines(&profiles, &genome).expect("arm cosines");
    let nan = |value: Option<f64>| value.unwrap_or(f64::NAN);
    case.check(
        "per_chromosome",
        table(arms.chromosomes.iter().map(|c| {
            let large = if c.both_arms_large { 1.0 } else { 0.0 };
            let index = f64::from(c.chromosome.index());
            [index, c.n_p as f64, c.n_q as f64, nan(c.within_p), nan(c.within_q), nan(c.between), large]
        })),
    );
    // The case lists its arms in an order of its own, empty ones included.
    let found = |arm: &Arm| arms.arms.iter().find(|a| a.arm == *arm);
    let names = arm_names(case);
    case.check_list("per_arm_mean_offdiag", names.iter().map(|arm| nan(found(arm).and_then(|a| a.within))));
    case.check_list("per_arm_size", names.iter().map(|arm| found(arm).map_or(0.0, |a| a.n_genes as f64)));
    case.check_scalar("mean_offdiag_cosine.all", nan(mean_cosine(&profiles)));
    let units = unit_rows(profiles.values());
    case.check_scalar("mean_cosine_with_diagonal.all", nan(mean_with_diagonal(units.view())));
}

/// The value of a test that a scalar such as `genome_wide.p_less` names.
fn field(test: &BrunnerMunzel, name: &str) -> f64 {
    match name {
        "prob" => test.prob,
        "statistic" => test.statistic,
        "var" => test.var,
        "p_greater" => test.p_greater,
        "p_less" => test.p_less,
        "p_two_sided" => test.p_two_sided,
        "log_p_greater" => test.ln_p_greater,
        "log_p_less" => test.ln_p_less,
        "log_p_two_sided" => test.ln_p_two_sided,
        "p_two_sided_t_variant" => test.p_two_sided_t(),
        "n_within" => test.n_x as f64,
        "n_between" => test.n_y as f64,
        other => panic!("unknown field {other:?} of a Brunner-Munzel test"),
    }
}

fn vectors(case: &Case) {
    for input in case.input_names() {
        let Some(name) = input.strip_suffix("_x") else { continue };
        let (x, y) = (case.vector(&input).to_vec(), case.vector(&format!("{name}_y")).to_vec());
        let test = brunner_munzel(&x, &y).expect("a test");
        for scalar in case.scalar_names() {
            if let Some(("", what)) = scalar.strip_prefix(name).and_then(|rest| rest.split_once('.')) {
                case.check_scalar(&scalar, field(&test, what));
            }
        }
        let mirrored = brunner_munzel(&y, &x).expect("a test");
        case.expect((test.prob + mirrored.prob - 1.0).abs() < 1e-12, format!("{name}: prob is not antisymmetric"));
    }
    let p = case.vector("fisher_p").to_vec();
    let combined = fisher_combination(&p).expect("p-values");
    case.check_scalar("fisher.statistic", combined.statistic);
    case.check_scalar("fisher.p", combined.p);
    let large: Vec<f64> = p.into_iter().filter(|&p| p > 1e-5).collect();
    case.check_scalar("fisher_large_p_only.p", fisher_combination(&large).expect("p-values").p);
}

fn arm_tests(case: &Case) {
    let (profiles, genome) = (profiles(case), genome(case));
    let min_values = case.param_number("min_values") as usize;
    let bias = proximity_bias_above(&profiles, &genome, min_values).expect("tests");
    case.check(
        "per_arm",
        table(bias.arms.iter().map(|a| {
            let t = &a.test;
            let (within, between) = (t.n_x as f64, t.n_y as f64);
            let arm = arm_index(case, a.arm);
            [arm, within, between, t.prob, t.statistic, t.p_greater, a.p_bonferroni, t.ln_p_greater]
        })),
    );
    let by_gene = gene_proximity(&profiles, &genome).expect("tests of genes");
    case.check_list("per_gene_prob", by_gene.prob.iter().map(|p| p.unwrap_or(f64::NAN)));
    case.check(
        "per_gene_spearman",
        table(by_gene.arms.iter().map(|a| {
            let (rho, p) = (a.rho.unwrap_or(f64::NAN), a.p.unwrap_or(f64::NAN));
            [arm_index(case, a.arm), a.n_genes as f64, rho, p]
        })),
    );
    let draws = ScoreDraws {
        intra_gene: case.index_matrix("draw_intra_gene"),
        intra_partner: case.index_matrix("draw_intra_partner"),
        inter_gene: case.index_matrix("draw_inter_gene"),
        inter_partner: case.index_matrix("draw_inter_partner"),
    };
    let score = proximity_score_of_draws(&profiles, &genome, &draws).expect("a score");
    let trials = Array2::from_shape_fn((score.trials.len(), 2), |(trial, column)| {
        let test = &score.trials[trial];
        if column == 0 { test.prob } else { test.p_two_sided }
    });
    case.check("score_trials", trials.into_dyn());
    let own = proximity_score(&profiles, &genome, ScoreConfig::default()).expect("a score");
    let relations = case.index_matrix("relations");
    let relations = Relations::from_pairs("case", relations.rows().into_iter().map(|r| (gene(r[0]), gene(r[1]))));
    let recall = arm_recall(&profiles, &relations, &genome, (0.05, 0.95)).expect("recall");
    for (name, n) in [("within", recall.n_within), ("cross", recall.n_across)] {
        let stated = case.scalar_field(&format!("relation_recall.{name}_arm"), "n");
        case.expect(stated.is_none_or(|s| s == n as f64), format!("{name}-arm relations: {n}, expected {stated:?}"));
    }
    for scalar in case.scalar_names() {
        let got = match scalar.split_once('.') {
            Some(("genome_wide", what)) => field(&bias.genome_wide, what),
            Some(("proximity_bias_score", "mean_prob")) => score.mean_prob,
            Some(("proximity_bias_score", "fisher_statistic")) => score.fisher.statistic,
            Some(("proximity_bias_score", "fisher_p")) => score.fisher.p,
            Some(("proximity_bias_score", "expected_prob")) => own.mean_prob,
            Some(("relation_recall", "within_arm")) => recall.within.unwrap_or(f64::NAN),
            Some(("relation_recall", "cross_arm")) => recall.across.unwrap_or(f64::NAN),
            _ => continue, // what is left over fails in `finish`
        };
        case.check_scalar(&scalar, got);
    }
}

fn quantile_matrix(case: &Case) {
    let profiles = profiles(case);
    let (chromosomes, positions) = (case.indices("chromosome"), case.vector("position"));
    let genome =
        Genome::from_genes(chromosomes.iter().zip(&positions).enumerate().map(|(i, (&chromosome, &start))| {
            let chromosome = Chromosome::from_index(chromosome as u8).expect("a chromosome");
            (gene(i), Locus { arm: Arm { chromosome, side: Side::P }, start: start as i64 })
        }));
    case.check_indices("genome_order", &genome.order(profiles.keys()));
    assert_eq!(case.param_number("mu"), 0.0);
    let sigma = case.param_number("sigma");
    assert_eq!(sigma, 0.2, "the heat map's own spread");
    let map = quantile_heatmap_matrix(&profiles, &genome).expect("a matrix");
    let off_diagonal = map.matrix.indexed_iter().filter(|((i, j), _)| i != j).map(|(_, &v)| v);
    case.check_scalar("matrix.max_offdiagonal", off_diagonal.fold(f64::NEG_INFINITY, f64::max));
    case.check("matrix", map.matrix.into_dyn());
    let tied = case.vector("tied_values").to_vec();
    case.check_list("tied_values_max_rank", quantile_normalise(&tied, sigma, TiedRank::Max));
    case.check_list("tied_values_mid_rank", quantile_normalise(&tied, sigma, TiedRank::Mid));
}

fn centring(case: &Case) {
    let (profiles, genome) = (profiles(case), genome(case));
    let naive = centre_arms(&profiles, &genome).expect("centred profiles");
    let config = ExpressionCentring {
        threshold: case.param_number("zfpkm_threshold"),
        min_unexpressed: case.param_number("min_unexpressed_exclusive") as usize,
    };
    let zfpkm: HashMap<String, f64> = case.vector("zfpkm").iter().enumerate().map(|(i, &z)| (gene(i), z)).collect();
    let by_expression = centre_arms_by_expression(&profiles, &genome, &zfpkm, config).expect("centred profiles");
    case.check("naive", naive.values().to_owned().into_dyn());
    case.check("expression", by_expression.profiles.values().to_owned().into_dyn());
    let mut corrected: Vec<f64> = by_expression.corrected.iter().map(|&arm| arm_index(case, arm)).collect();
    corrected.sort_by(f64::total_cmp);
    case.check_list("arms_corrected", corrected);
    for (name, map) in [("before", &profiles), ("naive", &naive), ("expression", &by_expression.profiles)] {
        let mean = mean_same_arm_cosine(map, &genome).expect("a genome").unwrap_or(f64::NAN);
        case.check_scalar(&format!("mean_same_arm_cosine.{name}"), mean);
    }
}

/// Twelve genes on chr1p, twelve on chr1q, with distinct directions.
fn two_arms() -> (Profiles, Genome) {
    let n = 24;
    let x = Array2::from_shape_fn((n, 5), |(i, j)| ((i * 7 + j * 3 + i * j) % 11) as f64 - 5.0);
    let profiles = Profiles::new((0..n).map(gene).collect(), x).expect("valid profiles");
    let arm = |i: usize| if i < n / 2 { "chr1p" } else { "chr1q" }.parse().expect("an arm");
    let genome = Genome::from_genes((0..n).map(|i| (gene(i), Locus { arm: arm(i), start: i as i64 })));
    (profiles, genome)
}

#[test]
fn genes_without_a_position_change_nothing() {
    let (profiles, genome) = two_arms();
    let mut keys = profiles.keys().to_vec();
    keys.push("nontargeting".to_string());
    let extra = array![[1.0, 2.0, 3.0, 4.0, 5.0]];
    let values = ndarray::concatenate![ndarray::Axis(0), profiles.values(), extra];
    let larger = Profiles::new(keys, values).expect("valid profiles");

    let (a, b) = (proximity_bias(&profiles, &genome).unwrap(), proximity_bias(&larger, &genome).unwrap());
    assert_eq!((&a.arms, a.genome_wide, a.n_unplaced), (&b.arms, b.genome_wide, 0));
    assert_eq!((b.n_genes, b.n_unplaced), (24, 1));
    let config = ScoreConfig { trials: 3, samples: 50, seed: 7 };
    assert_eq!(
        proximity_score(&profiles, &genome, config).unwrap(),
        proximity_score(&larger, &genome, config).unwrap()
    );
    let centred = centre_arms(&larger, &genome).unwrap();
    assert_eq!(centred.row("nontargeting").unwrap(), extra.row(0));
    assert!(!quantile_heatmap_matrix(&larger, &genome).unwrap().keys.contains(&"nontargeting".to_string()));
}

#[test]
fn the_score_follows_its_seed() {
    let (profiles, genome) = two_arms();
    let score = |seed| proximity_score(&profiles, &genome, ScoreConfig { trials: 4, samples: 60, seed }).unwrap();
    assert_eq!(score(1), score(1));
    assert_ne!(score(1).mean_prob, score(2).mean_prob);
}

#[test]
fn maps_that_cannot_be_tested_say_so() {
    let (profiles, genome) = two_arms();
    let nowhere = Genome::default();
    for e in [
        arm_cosines(&profiles, &nowhere).map(|_| ()).unwrap_err(),
        proximity_bias(&profiles, &nowhere).map(|_| ()).unwrap_err(),
        proximity_score(&profiles, &nowhere, ScoreConfig::default()).map(|_| ()).unwrap_err(),
        centre_arms(&profiles, &nowhere).map(|_| ()).unwrap_err(),
    ] {
        assert!(e.to_string().contains("none of the 24 profiles has a position"), "{e}");
    }
    assert!(quantile_heatmap_matrix(&profiles, &nowhere).is_err());
    assert!(gene_proximity(&profiles, &genome).unwrap_err().to_string().contains("the largest has 12"));

    let one_arm = profiles.select(&(0..12).collect::<Vec<_>>());
    assert!(proximity_bias(&one_arm, &genome).is_err());
    assert!(proximity_score(&one_arm, &genome, ScoreConfig::default()).is_err());
    let empty = ScoreConfig { trials: 0, ..ScoreConfig::default() };
    assert!(proximity_score(&profiles, &genome, empty).is_err());
    let foreign = Relations::from_pairs("foreign", [("X", "Y")]);
    assert!(arm_recall(&profiles, &foreign, &genome, (0.05, 0.95)).is_err());
    assert!(
        centre_arms_by_expression(&profiles, &genome, &HashMap::new(), ExpressionCentring::default()).is_err(),
        "no expression values"
    );
}

#[test]
fn degenerate_samples_have_prob_but_no_p_value() {
    let separated = brunner_munzel(&[3.0, 4.0], &[1.0, 2.0]).unwrap();
    assert_eq!((separated.prob, separated.var, separated.statistic), (1.0, 0.0, f64::INFINITY));
    assert!(separated.is_degenerate() && separated.p_greater.is_nan() && separated.ln_p_two_sided.is_nan());
    let constant = brunner_munzel(&[1.0, 1.0], &[1.0, 1.0, 1.0]).unwrap();
    assert_eq!(constant.prob, 0.5);
    assert!(constant.statistic.is_nan() && constant.p_two_sided.is_nan());
    let zeros = brunner_munzel(&[0.0, 1.0], &[-0.0, 1.0]).unwrap();
    assert_eq!(zeros.prob, 0.5, "the two zeros are one value");
    assert!(brunner_munzel(&[1.0], &[1.0, 2.0]).unwrap_err().to_string().contains("1 values"));
    assert!(brunner_munzel(&[1.0, f64::NAN], &[1.0, 2.0]).is_err());
    assert!(fisher_combination(&[]).is_err());
    assert!(fisher_combination(&[0.5, f64::NAN]).is_err());
}

#[test]
fn zero_vectors_are_similar_to_nothing() {
    let keys = ["A", "B", "C"].map(String::from).to_vec();
    let profiles = Profiles::new(keys, array![[0.0, 0.0], [1.0, 0.0], [1.0, 0.0]]).unwrap();
    assert!((mean_cosine(&profiles).unwrap() - 1.0 / 3.0).abs() < 1e-12);
    assert_eq!(mean_cosine(&profiles.select(&[0])), None);
    let huge = Profiles::new(vec!["A".into(), "B".into()], array![[1e300, 1e300], [1e-300, 1e-300]]).unwrap();
    assert!((mean_cosine(&huge).unwrap() - 1.0).abs() < 1e-12);
}

#[test]
fn naive_centring_leaves_minus_one_over_n_minus_one() {
    let (profiles, genome) = two_arms();
    let centred = centre_arms(&profiles, &genome).unwrap();
    for row in [0, 12] {
        let arm = centred.select(&(row..row + 12).collect::<Vec<_>>());
        assert!(arm.values().sum_axis(ndarray::Axis(0)).iter().all(|v| v.abs() < 1e-12));
        let mean = mean_cosine(&arm).unwrap();
        assert!(mean < 0.0, "mean cosine {mean}");
    }
}

#[test]
fn expression_centring_needs_strictly_more_genes() {
    // p: a, b; q: c, d, e, f. Unexpressed genes are those below 6: both of p, three of q.
    let keys = ["a", "b", "c", "d", "e", "f"].map(String::from).to_vec();
    let profiles = Profiles::new(keys.clone(), array![[0.0], [2.0], [4.0], [6.0], [8.0], [10.0]]).unwrap();
    let arm = |i: usize| if i < 2 { "chr3p" } else { "chr3q" }.parse().unwrap();
    let genome =
        Genome::from_genes(keys.iter().enumerate().map(|(i, k)| (k.clone(), Locus { arm: arm(i), start: i as i64 })));
    let zfpkm: HashMap<String, f64> = keys.iter().cloned().zip((1..).map(f64::from)).collect();
    let centred = |min_unexpressed| {
        let config = ExpressionCentring { threshold: 6.0, min_unexpressed };
        centre_arms_by_expression(&profiles, &genome, &zfpkm, config).unwrap()
    };
    assert_eq!(centred(0).profiles.values(), array![[-1.0], [1.0], [-2.0], [0.0], [2.0], [4.0]]);
    assert_eq!(centred(2).corrected, ["chr3q".parse().unwrap()]);
    assert_eq!(centred(2).profiles.values(), array![[0.0], [2.0], [-2.0], [0.0], [2.0], [4.0]]);
    assert!(centred(3).corrected.is_empty());
}
