//! Replicate metrics of cytominer-eval's definitions against the same written out pair by pair, on random plates.

use ndarray::{Array2, array};
use perturbook::display::Show;
use perturbook::evaluate::{
    EnrichmentConfig, Missing, PairCounting, ReproducibilityConfig, RowLabels, Similarity, hit_positions,
    pair_enrichment, replicate_reproducibility,
};
use polars::prelude::df;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// A plate of `n` wells of continuous features that move with the label, so that an order by rounding decides nothing;
/// one well is constant, and two are the same.
fn plate(n: usize, d: usize, seed: u64) -> (Array2<f64>, Vec<u32>) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let labels: Vec<u32> = (0..n).map(|_| rng.random_range(0..1 + n as u32 / 4)).collect();
    let mut x = Array2::from_shape_simple_fn((n, d), || rng.random_range(-1.0..1.0));
    for row in 0..n {
        x[[row, labels[row] as usize % d]] += 1.0;
    }
    x.row_mut(n / 3).fill(2.5);
    let twin = x.row(0).to_owned();
    x.row_mut(n - 1).assign(&twin);
    (x, labels)
}

/// The same with many wells that are copies of others: ties in every list.
fn tied(n: usize, d: usize, seed: u64) -> (Array2<f64>, Vec<u32>) {
    let (mut x, labels) = plate(n, d, seed);
    for row in (4..n).filter(|row| row % 5 > 2) {
        let twin = x.row(row % 7).to_owned();
        x.row_mut(row).assign(&twin);
    }
    (x, labels)
}

/// Similarities of all rows by the textbook formula; NaN for rows without direction.
fn matrix(x: &Array2<f64>, similarity: Similarity) -> Array2<f64> {
    let prepared: Vec<Vec<f64>> = x
        .rows()
        .into_iter()
        .map(|row| {
            let mean = if similarity == Similarity::Cosine { 0.0 } else { row.iter().sum::<f64>() / row.len() as f64 };
            row.iter().map(|v| v - mean).collect()
        })
        .collect();
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    Array2::from_shape_fn((x.nrows(), x.nrows()), |(i, j)| {
        let (a, b) = (&prepared[i], &prepared[j]);
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    })
}

fn quantile(values: &[f64], q: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let position = (sorted.len() - 1) as f64 * q;
    let (low, high) = (sorted[position.floor() as usize], sorted[position.ceil() as usize]);
    low + position.fract() * (high - low)
}

/// Similarity and whether the labels agree, for all pairs of rows with a direction.
fn listed(m: &Array2<f64>, labels: &[u32], ordered: bool) -> Vec<(f64, bool)> {
    let n = labels.len();
    let pairs = (0..n).flat_map(|i| (0..n).map(move |j| (i, j))).filter(|(i, j)| if ordered { i != j } else { i < j });
    pairs.map(|(i, j)| (m[[i, j]], labels[i] == labels[j])).filter(|pair| !pair.0.is_nan()).collect()
}

/// Wells, features and seed.
const PLATES: [(usize, usize, u64); 4] = [(40, 12, 1), (97, 30, 2), (130, 8, 3), (9, 5, 4)];
const SIMILARITIES: [Similarity; 2] = [Similarity::Pearson, Similarity::Cosine];

#[test]
fn reproducibility_is_the_share_of_the_listed_pairs() {
    for (n, d, seed) in PLATES {
        let (x, labels) = plate(n, d, seed);
        for similarity in SIMILARITIES {
            let pairs = listed(&matrix(&x, similarity), &labels, false);
            let of = |same: bool| pairs.iter().filter(|pair| pair.1 == same).map(|pair| pair.0).collect::<Vec<f64>>();
            for q in [0.95, 0.5, 1.0, 0.873] {
                let config = ReproducibilityConfig { similarity, quantile: q };
                let found = replicate_reproducibility(&x, &RowLabels::new(&labels), &config).unwrap();
                let threshold = quantile(&of(false), q);
                let above = of(true).iter().filter(|&&v| v > threshold).count();
                assert!((found.threshold - threshold).abs() < 1e-12, "{n} {similarity:?} {q}");
                assert_eq!((found.n_above as usize, found.pairs.n_same() as usize), (above, of(true).len()));
                assert_eq!(found.share, above as f64 / of(true).len() as f64);
                assert_eq!(found.n_left_out, usize::from(similarity == Similarity::Pearson));
                let groups =
                    found.groups.iter().map(|group| (group.n_above, group.n as u64 * (group.n as u64 - 1) / 2));
                assert_eq!(groups.fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1)), (found.n_above, found.pairs.n_same()));
            }
        }
    }
}

#[test]
fn medians_of_groups_are_those_of_their_pairs() {
    let (x, labels) = plate(97, 30, 2);
    let found = replicate_reproducibility(&x, &RowLabels::new(&labels), &ReproducibilityConfig::default()).unwrap();
    let m = matrix(&x, Similarity::Pearson);
    for group in &found.groups {
        let label: u32 = group.label.parse().unwrap();
        let rows: Vec<usize> = (0..97).filter(|&row| labels[row] == label && !m[[row, row]].is_nan()).collect();
        let pairs = rows.iter().enumerate().flat_map(|(at, &i)| rows[..at].iter().map(move |&j| (i, j)));
        let similarities: Vec<f64> = pairs.map(|pair| m[pair]).collect();
        assert_eq!(group.n, rows.len());
        assert!((group.median - quantile(&similarities, 0.5)).abs() < 1e-12);
    }
}

/// P(X >= a) by adding up products of integers as they come, for small tables.
fn fisher(a: u64, b: u64, c: u64, d: u64) -> f64 {
    let ln_factorial = |n: u64| (2..=n).map(|v| (v as f64).ln()).sum::<f64>();
    let choose = |n: u64, k: u64| ln_factorial(n) - ln_factorial(k) - ln_factorial(n - k);
    let (same, above, all) = (a + c, a + b, a + b + c + d);
    (a..=same.min(above))
        .filter(|&k| above - k <= all - same)
        .map(|k| (choose(same, k) + choose(all - same, above - k) - choose(all, above)).exp())
        .sum()
}

#[test]
fn enrichment_is_fishers_test_of_the_listed_pairs() {
    for (n, d, seed) in PLATES {
        let (x, labels) = plate(n, d, seed);
        for (counting, ordered) in [(PairCounting::Ordered, true), (PairCounting::Unordered, false)] {
            let quantiles = vec![1.0, 0.99, 0.9, 0.5, 0.0];
            let config = EnrichmentConfig { similarity: Similarity::Pearson, quantiles, counting };
            let found = pair_enrichment(&x, &RowLabels::new(&labels), &config).unwrap();
            let pairs = listed(&matrix(&x, Similarity::Pearson), &labels, ordered);
            let all: Vec<f64> = pairs.iter().map(|pair| pair.0).collect();
            for point in &found.points {
                // Twins have similarity 1, which is rounded here and there in another way.
                let threshold = quantile(&all, point.quantile);
                assert!((point.threshold - threshold).abs() < 1e-12, "{n} {point:?} {threshold}");
                let margin = if point.quantile == 1.0 || point.quantile == 0.0 { 1e-12 } else { 0.0 };
                let count = |same: bool, above: bool| {
                    let side = |v: f64| (v > threshold + margin) == above;
                    pairs.iter().filter(|pair| pair.1 == same && side(pair.0)).count() as u64
                };
                let (a, b, c, d) = (count(true, true), count(false, true), count(true, false), count(false, false));
                assert_eq!((point.same_above, point.different_above), (a, b), "{n} {point:?}");
                let odds = (a as f64 * d as f64) / (b as f64 * c as f64);
                assert!(point.odds_ratio == odds || (odds.is_nan() && point.odds_ratio.is_nan()), "{point:?} {odds}");
                let p = fisher(a, b, c, d);
                assert!((point.p - p).abs() <= 1e-8 * p, "{n} {point:?} {p}");
            }
            assert_eq!(found.table().unwrap().shape(), (5, 4));
        }
    }
}

#[test]
fn positions_are_those_of_sorted_lists() {
    for (n, d, seed) in PLATES {
        for (x, labels) in [plate(n, d, seed), tied(n, d, seed)] {
            for similarity in SIMILARITIES {
                let found = hit_positions(&x, &RowLabels::new(&labels), similarity).unwrap();
                let m = matrix(&x, similarity);
                let rows: Vec<usize> = (0..n).filter(|&row| !m[[row, row]].is_nan()).collect();
                let mut positions = Vec::new();
                for &query in &rows {
                    for &row in rows.iter().filter(|&&row| row != query && labels[row] == labels[query]) {
                        // Equally similar rows share the last position.
                        let at_least =
                            |&&other: &&usize| other != query && m[[query, other]] >= m[[query, row]] - 1e-12;
                        positions.push(rows.iter().filter(at_least).count() - 1);
                    }
                }
                let counts: Vec<u64> = (0..rows.len() - 1)
                    .map(|at| positions.iter().filter(|&&position| position == at).count() as u64)
                    .collect();
                assert_eq!(found.counts, counts, "{n} {similarity:?}");
                assert_eq!((found.n, found.n_hits as usize), (rows.len(), positions.len()));
                for percent in [0.0, 2.0, 5.0, 33.3, 100.0] {
                    let near = |&&at: &&usize| at as f64 <= percent * rows.len() as f64 / 100.0;
                    let expected = (percent * positions.len() as f64 / 100.0) as i64;
                    let want = positions.iter().filter(near).count() as i64 - expected;
                    assert_eq!(found.above_random(percent), want);
                }
                assert_eq!(found.above_random(100.0), 0);
                assert!(found.cumulative_above_random()[rows.len() - 1].abs() < 1e-9);
            }
        }
    }
}

#[test]
fn random_labels_give_what_chance_gives() {
    let mut rng = ChaCha8Rng::seed_from_u64(12);
    let x = Array2::from_shape_simple_fn((400, 50), || rng.random_range(-1.0..1.0));
    let labels = RowLabels::new(&(0..400).map(|row| row % 40).collect::<Vec<u32>>());
    let found = replicate_reproducibility(&x, &labels, &ReproducibilityConfig::default()).unwrap();
    assert!((found.share - 0.05).abs() < 0.02, "{}", found.share);
    let hits = hit_positions(&x, &labels, Similarity::Pearson).unwrap();
    assert!((hits.above_random(10.0) as f64).abs() < 0.03 * hits.n_hits as f64);
    let config = EnrichmentConfig { counting: PairCounting::Unordered, ..EnrichmentConfig::default() };
    assert!(pair_enrichment(&x, &labels, &config).unwrap().points[0].p > 0.001);
}

#[test]
fn the_order_of_rows_and_the_number_of_threads_change_nothing() {
    let (x, labels) = tied(130, 8, 5);
    let order: Vec<usize> = (0..130).map(|row| row * 77 % 130).collect();
    let turned = x.select(ndarray::Axis(0), &order);
    let turned_labels: Vec<u32> = order.iter().map(|&row| labels[row]).collect();
    let all = |x: &Array2<f64>, labels: &[u32], threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let labels = RowLabels::new(labels);
        pool.install(|| {
            let config = ReproducibilityConfig::default();
            let quantiles = EnrichmentConfig { quantiles: vec![0.8, 0.95, 0.5], ..EnrichmentConfig::default() };
            let share = replicate_reproducibility(x, &labels, &config).unwrap();
            let points = pair_enrichment(x, &labels, &quantiles).unwrap().points;
            (
                share.n_above,
                share.threshold,
                share.groups,
                points,
                hit_positions(x, &labels, Similarity::Pearson).unwrap(),
            )
        })
    };
    let (one, three, moved) = (all(&x, &labels, 1), all(&x, &labels, 3), all(&turned, &turned_labels, 2));
    assert_eq!(one, three);
    assert_eq!(one, moved);
}

#[test]
fn controls_take_no_part_in_pairs_and_are_listed_in_rankings() {
    let (x, labels) = plate(97, 30, 6);
    let marked = RowLabels::new(&labels).with_controls(&["3"]).unwrap();
    let rest: Vec<usize> = (0..97).filter(|&row| labels[row] != 3).collect();
    let without = x.select(ndarray::Axis(0), &rest);
    let labels_without = RowLabels::new(&rest.iter().map(|&row| labels[row]).collect::<Vec<u32>>());
    let config = ReproducibilityConfig::default();
    let (a, b) = (
        replicate_reproducibility(&x, &marked, &config).unwrap(),
        replicate_reproducibility(&without, &labels_without, &config).unwrap(),
    );
    assert_eq!((a.share, a.threshold, &a.groups), (b.share, b.threshold, &b.groups));
    let all = hit_positions(&x, &RowLabels::new(&labels), Similarity::Pearson).unwrap();
    let queried = hit_positions(&x, &marked, Similarity::Pearson).unwrap();
    let controls = labels.iter().filter(|&&label| label == 3).count();
    assert_eq!((all.n, all.n_queries - queried.n_queries), (queried.n, controls));
    assert_eq!(all.n_hits - queried.n_hits, (controls * (controls - 1)) as u64);
}

#[test]
fn input_that_has_no_answer_is_refused_in_words() {
    let said = |e: perturbook::Error| e.to_string();
    let x = array![[1.0, 2.0, 0.0], [0.0, 1.0, 5.0], [2.0, 2.0, 1.0], [7.0, 1.0, 1.0]];
    let pairs = |labels: &[&str], x: &Array2<f64>| {
        replicate_reproducibility(x, &RowLabels::new(labels), &ReproducibilityConfig::default())
    };
    let enriched = |labels: &[&str], quantiles: &[f64]| {
        let config = EnrichmentConfig { quantiles: quantiles.to_vec(), ..EnrichmentConfig::default() };
        pair_enrichment(&x, &RowLabels::new(labels), &config)
    };
    assert!(said(pairs(&["a", "b", "c", "d"], &x).unwrap_err()).contains("0 pairs share a label and 6 do not"));
    assert!(said(pairs(&["a", "a", "a", "a"], &x).unwrap_err()).contains("6 pairs share a label and 0 do not"));
    assert!(said(pairs(&["a", "a"], &x).unwrap_err()).contains("2 labels for 4 rows"));
    assert!(said(enriched(&["a", "b", "c", "d"], &[0.9]).unwrap_err()).contains("0 pairs share a label"));
    assert!(said(enriched(&["a", "a", "b", "b"], &[0.9, 1.5]).unwrap_err()).contains("1.5 is no quantile"));
    assert!(said(enriched(&["a", "a", "b", "b"], &[f64::NAN]).unwrap_err()).contains("NaN is no quantile"));
    assert!(said(enriched(&["a", "a", "b", "b"], &[]).unwrap_err()).contains("no quantile was given"));
    for quantile in [0.0, 1.1, -0.5, f64::NAN] {
        let config = ReproducibilityConfig { quantile, ..ReproducibilityConfig::default() };
        let labels = RowLabels::new(&["a", "a", "b", "b"]);
        assert!(said(replicate_reproducibility(&x, &labels, &config).unwrap_err()).contains("no quantile to exceed"));
    }
    let alone = RowLabels::new(&["a", "b", "c", "d"]);
    assert!(said(hit_positions(&x, &alone, Similarity::Pearson).unwrap_err()).contains("no row has another one"));
    let controls = RowLabels::new(&["nt", "nt", "b", "c"]).with_controls(&["nt"]).unwrap();
    assert!(hit_positions(&x, &controls, Similarity::Pearson).is_err());
    // One feature is constant in every row: there is no correlation.
    let thin = array![[1.0], [2.0], [3.0], [4.0]];
    assert!(said(pairs(&["a", "a", "b", "b"], &thin).unwrap_err()).contains("0 of 4 rows have a direction"));
    assert!(
        replicate_reproducibility(
            &thin,
            &RowLabels::new(&["a", "a", "b", "b"]),
            &ReproducibilityConfig { similarity: Similarity::Cosine, quantile: 0.95 }
        )
        .is_ok()
    );
    let mut broken = x.clone();
    broken[[2, 1]] = f64::INFINITY;
    assert!(said(pairs(&["a", "a", "b", "b"], &broken).unwrap_err()).contains("row 2, column 1"));
    assert!(said(hit_positions(&broken, &alone, Similarity::Cosine).unwrap_err()).contains("row 2, column 1"));
}

#[test]
fn labels_of_several_columns_are_compared_value_by_value() {
    let table = df!("a" => [Some("x | y"), Some("x"), None, Some("x | y")], "b" => ["z", "y | z", "z", "z"]).unwrap();
    let labels = RowLabels::of_columns(&table, &["a", "b"], Missing::Named("nan")).unwrap();
    assert_eq!(labels.names().len(), 3);
    assert_eq!((labels.codes()[0], labels.codes()[0] == labels.codes()[1]), (labels.codes()[3], false));
    let said = |columns: &[&str]| RowLabels::of_columns(&table, columns, Missing::Refused).unwrap_err().to_string();
    assert!(said(&["b", "a"]).contains("no label in the column \"a\""));
    assert!(said(&["b", "a"]).contains("row 2"));
    assert!(said(&["dose"]).contains("choose among: a, b"));
    assert!(said(&[]).contains("no column was given"));
}

#[test]
fn every_result_shows_itself_as_a_figure_that_names_its_convention() {
    let (x, labels) = plate(97, 30, 2);
    let labels = RowLabels::new(&labels);
    let config = EnrichmentConfig { quantiles: vec![1.0, 0.99, 0.95, 0.9], ..EnrichmentConfig::default() };
    let share = replicate_reproducibility(&x, &labels, &ReproducibilityConfig::default()).unwrap();
    let enrichment = pair_enrichment(&x, &labels, &config).unwrap();
    let hits = hit_positions(&x, &labels, Similarity::Pearson).unwrap();
    let shown: [(&[&str], &dyn Show); 3] = [
        (&["by pairs", "Pearson correlation", "quantile 0.95", "cytominer-eval", "left out: 1"], &share),
        (&["odds ratio", "both orders", "cytominer-eval", "Fisher"], &enrichment),
        (&["Positions of hits", "nearest rows", "every row of the query's label is a hit", "cytominer-eval"], &hits),
    ];
    let folder = std::env::var_os("PERTURBOOK_GALLERY").map(std::path::PathBuf::from);
    for (at, (words, result)) in shown.into_iter().enumerate() {
        let bundle = result.bundle();
        let text = bundle.get("text/plain").and_then(|text| text.as_str()).unwrap_or_default().to_owned();
        words.iter().for_each(|word| assert!(text.contains(word), "{word}: {text}"));
        let svg = bundle.get("image/svg+xml").and_then(|svg| svg.as_str()).expect("a drawing");
        if let Some(folder) = &folder {
            std::fs::write(folder.join(format!("replicates_{at}.svg")), svg).unwrap();
        }
    }
    assert!(config.bundle().get("text/plain").unwrap().as_str().unwrap().contains("Ordered"));
    assert!(enrichment.points[1].bundle().get("text/plain").unwrap().as_str().unwrap().contains("odds_ratio"));
}
