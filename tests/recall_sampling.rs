//! Intervals and permutations of recall, and the map close up.

use perturbook::display::Show;
use perturbook::evaluate::{
    BootstrapConfig, Convention, Relations, Resample, default_percentiles, recall_at, recall_bootstrap,
    recall_permutation, similarity_map,
};
use perturbook::figures::{recall_bootstrap_curves, recall_permutation_curves, similarity_heatmap, similarity_zoom};
use perturbook::screen::Profiles;
use perturbook::simulate::{CONTROL, GeneEmbeddingConfig, gene_embedding};

fn simulated() -> (Profiles, Relations, Vec<String>) {
    let screen = gene_embedding(&GeneEmbeddingConfig::quick()).expect("a screen");
    let genes = screen.profiles.without(&[CONTROL]).block("salient").expect("a block");
    let sets = screen.truth.gene_sets();
    (genes, Relations::from_sets(&sets), sets.sets()[0].genes.clone())
}

fn config(resample: Resample, replicates: usize, level: f64, seed: u64) -> BootstrapConfig {
    BootstrapConfig { resample, replicates, level, seed }
}

#[test]
fn intervals_hold_the_curve_and_follow_their_seed() {
    let (genes, known, _) = simulated();
    let percentiles = [80.0, 95.0];
    for convention in [Convention::TwoSided, Convention::OneSided] {
        let widths = [Resample::Genes, Resample::Relations].map(|resample| {
            let run = |seed| {
                recall_bootstrap(&genes, &known, convention, &percentiles, config(resample, 200, 0.95, seed))
                    .expect("intervals")
            };
            let sure = run(1);
            assert_eq!(sure, run(1));
            assert_ne!(sure.intervals, run(2).intervals);
            assert_eq!(sure.curve, recall_at(&genes, &known, convention, &percentiles).expect("a curve"));
            for (point, interval) in sure.curve.points.iter().zip(&sure.intervals) {
                let (low, high) = interval.recall;
                assert!(low <= point.recall && point.recall <= high, "{resample:?} {point:?} {interval:?}");
                let (low, high) = interval.precision;
                assert!(low <= point.precision * 1.05 && point.precision <= high * 1.05, "{point:?} {interval:?}");
            }
            let summary = recall_bootstrap_curves(&[("simulated", &sure)]).expect("a figure").summary();
            assert!(summary.contains("95 % percentile intervals of 200 bootstrap replicates"), "{summary}");
            assert!(sure.bundle().get("image/svg+xml").is_some());
            sure.intervals[1].recall.1 - sure.intervals[1].recall.0
        });
        assert!(widths[0] > widths[1], "genes depend on each other: {widths:?}");
    }
    assert!(
        recall_bootstrap(&genes, &known, Convention::OneSided, &[95.0], config(Resample::Genes, 0, 0.95, 1)).is_err()
    );
    assert!(
        recall_bootstrap(&genes, &known, Convention::OneSided, &[95.0], config(Resample::Genes, 9, 1.0, 1)).is_err()
    );
    assert!(
        recall_bootstrap(&genes, &known, Convention::OneSided, &[5.0], config(Resample::Genes, 9, 0.9, 1)).is_err()
    );
}

#[test]
fn shuffled_names_give_the_random_baseline() {
    let (genes, known, _) = simulated();
    let percentiles = default_percentiles();
    let null = recall_permutation(&genes, &known, Convention::TwoSided, &percentiles, 99, 3).expect("a null");
    assert_eq!(null, recall_permutation(&genes, &known, Convention::TwoSided, &percentiles, 99, 3).expect("a null"));
    assert_eq!(null.overall.p_plus_one, 0.01);
    for point in &null.points {
        let expected = Convention::TwoSided.random_expectation(point.percentile);
        assert!(
            (point.mean - expected).abs() < 0.02 && point.low <= point.mean && point.mean <= point.high,
            "{point:?}"
        );
    }
    // A map that knows nothing is one of its own permutations.
    let nothing = genes.shuffled(7);
    let null = recall_permutation(&nothing, &known, Convention::TwoSided, &percentiles, 199, 3).expect("a null");
    assert!(null.overall.p_plus_one > 0.02, "{:?}", null.overall);
    let summary = recall_permutation_curves("shuffled", &null).expect("a figure").summary();
    assert!(summary.contains("199 maps under shuffled names"), "{summary}");
    assert!(null.bundle().get("image/svg+xml").is_some());
    assert!(recall_permutation(&genes, &known, Convention::OneSided, &[95.0], 0, 3).is_err());
}

#[test]
fn a_complex_is_shown_close_up() {
    let (genes, _, complex) = simulated();
    let map = similarity_map(&genes);
    let summary = similarity_heatmap(&map).expect("a figure").summary();
    assert!(summary.contains("Figure 2c of the Set-DINO paper"), "{summary}");
    let summary = similarity_zoom(&map, "complex", &complex).expect("a figure").summary();
    assert!(summary.contains(&format!("complex: {} genes, mean cosine", complex.len())), "{summary}");
    assert!(similarity_zoom(&map, "complex", &["nobody", "G0"]).is_err());
    assert!(map.bundle().get("image/svg+xml").is_some());
    let rows: Vec<usize> = (0..map.keys.len()).collect();
    let cosines = map.cosines(&rows[..5]);
    assert!(cosines.diag().iter().all(|c| (c - 1.0).abs() < 1e-12) && cosines == cosines.t());
}
